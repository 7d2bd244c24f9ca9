using FewShotCluster.Demo.Classes;
using FewShotCluster.Demo.World;
using FewShotCluster.Vision.Adaptation;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Numerics;
using static TorchSharp.torch;

namespace FewShotCluster.Demo.Training;

/// <summary>Top-1 accuracies, 0 to 1, of names alone over all classes.</summary>
public sealed record TextAccuracy(double All, double Seen, double Unseen);

/// <summary>How good a set of demo weights is: each CLIP alone, both fused, and a head on the refiner among the dogs.</summary>
public sealed record DemoAccuracy(TextAccuracy ViT, TextAccuracy ResNet, TextAccuracy Fused, double RefinerDogs);

/// <summary>
/// Judges trained weights on a draw of pictures that training never sees. Not the service's cascade: names alone, and a refiner head
/// from four shots a dog class.
/// </summary>
public static class DemoEvaluation
{
    public const int ShotsPerClass = 4;

    private const int Views = 8;
    private const int Batch = 64;

    private const double ViTShare = .35;

    private static readonly string[] Templates = ["a photo of a {0}.", "a picture of a {0}.", "a drawing of the {0}."];

    public static DemoAccuracy Evaluate(string modelsFolder, int draw, int testPerClass = 12)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var vit = TextScores(modelsFolder, TrainedModels.ViTName, draw, testPerClass);
        var resNet = TextScores(modelsFolder, TrainedModels.ResNetName, draw, testPerClass);
        return new DemoAccuracy(
            Judge(vit, testPerClass), Judge(resNet, testPerClass), Judge(vit.Times(ViTShare).Plus(resNet.Times(1 - ViTShare)), testPerClass),
            RefinerAccuracy(modelsFolder, draw, testPerClass));
    }

    /// <summary>[test pictures, classes]: cosines of pictures, class after class, and names.</summary>
    private static Tensor TextScores(string folder, string name, int draw, int testPerClass)
    {
        using var encoder = ClipEncoder.Load(
            Path.Combine(folder, $"{name}.safetensors"), Path.Combine(folder, TrainedModels.MergesFile));
        var pictures = DemoClasses.All.SelectMany(
            demoClass => Enumerable.Range(0, testPerClass).Select(i => DemoPictures.Test(demoClass, i, draw)));
        var images = pictures.Chunk(Batch).SelectMany(
            chunk => encoder.EncodeImages([.. chunk.Select(jpeg => encoder.Preprocess(ImageDecoder.Decode(jpeg)))])).ToArray();
        var names = Templates
            .Select(template => encoder.EncodeTexts([.. DemoClasses.All.Select(demoClass => string.Format(null, template, demoClass.Name))]))
            .Select(rows => Rows(rows, encoder.Dimension))
            .Aggregate((left, right) => left.Plus(right));
        return Rows(images, encoder.Dimension).matmul(nn.functional.normalize(names, dim: -1).t());
    }

    private static TextAccuracy Judge(Tensor scores, int perClass)
    {
        var predicted = scores.argmax(1).data<long>().ToArray();
        return new TextAccuracy(Share(_ => true), Share(demoClass => demoClass.Seen), Share(demoClass => !demoClass.Seen));

        double Share(Func<DemoClass, bool> counts) => Enumerable.Range(0, predicted.Length)
            .Where(row => counts(DemoClasses.All[row / perClass]))
            .Average(row => predicted[row] == row / perClass ? 1.0 : 0);
    }

    private static double RefinerAccuracy(string folder, int draw, int testPerClass)
    {
        using var encoder = RefinerEncoder.Load(Path.Combine(folder, $"{TrainedModels.RefinerName}.safetensors"), ModelShapes.RefinerInput);
        var dogs = DemoClasses.InFamily(Family.Dog).ToList();
        var views = Planes(DemoPictures.Shots, ShotsPerClass)
            .SelectMany((planes, shot) => PixelAugmentation.Views(planes, encoder.Resolution, Views, (ulong)shot))
            .ToList();
        var head = RefinerHeadFit.Fit(
            new LabelledFeatures(Features(views), Labels(ShotsPerClass * Views)), dogs.Count, RefinerHeadOptions.Default);
        return Scores.Accuracy(Scores.Linear(Features(Planes(DemoPictures.Test, testPerClass)), head), Labels(testPerClass));

        List<byte[]> Planes(Func<DemoClass, int, int, byte[]> pictures, int perClass) =>
            [.. dogs.SelectMany(dog => Enumerable.Range(0, perClass).Select(i => encoder.Preprocess(ImageDecoder.Decode(pictures(dog, i, draw)))))];

        Tensor Features(List<byte[]> planes) => Rows([.. planes.Chunk(Batch).SelectMany(encoder.Encode)], encoder.Dimension);

        Tensor Labels(int perClass) => arange(dogs.Count).repeat_interleave(perClass);
    }

    private static Tensor Rows(float[] values, int dimension) => tensor(values, [values.Length / dimension, dimension]);
}
