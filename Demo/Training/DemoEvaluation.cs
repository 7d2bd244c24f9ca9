using FewShotCluster.Demo.Classes;
using FewShotCluster.Demo.World;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Models;
using FewShotCluster.Vision.Tokenization;
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

    private const double ViTShare = .35;

    private static readonly string[] Templates = ["a photo of a {0}.", "a picture of a {0}.", "a drawing of the {0}."];

    public static DemoAccuracy Evaluate(string modelsFolder, int draw, int testPerClass = 12)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var vit = TextScores(modelsFolder, TrainedModels.ViTName, draw, testPerClass);
        var resNet = TextScores(modelsFolder, TrainedModels.ResNetName, draw, testPerClass);
        return new DemoAccuracy(
            Judge(vit, testPerClass), Judge(resNet, testPerClass), Judge(ViTShare * vit + (1 - ViTShare) * resNet, testPerClass),
            RefinerAccuracy(modelsFolder, draw, testPerClass));
    }

    /// <summary>[test pictures, classes]: cosines of pictures, class after class, and names.</summary>
    private static Tensor TextScores(string folder, string name, int draw, int testPerClass)
    {
        using var checkpoint = Checkpoint.Open(Path.Combine(folder, $"{name}.safetensors"));
        using var clip = Clip.Load(checkpoint);
        var tokenizer = ClipTokenizer.Load(
            Path.Combine(folder, TrainedModels.MergesFile), clip.Config.VocabularySize, clip.Config.ContextLength);
        var pictures = DemoClasses.All.SelectMany(
            demoClass => Enumerable.Range(0, testPerClass).Select(i => DemoPictures.Test(demoClass, i, draw)));
        var names = FeatureReader.Texts(clip, tokenizer, DemoClasses.All.Select(demoClass => demoClass.Name), Templates);
        return FeatureReader.Images(clip, pictures).matmul(names.t());
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
        using var checkpoint = Checkpoint.Open(Path.Combine(folder, $"{TrainedModels.RefinerName}.safetensors"));
        using var refiner = ConvNeXtV2.Load(checkpoint);
        var dogs = DemoClasses.InFamily(Family.Dog).ToList();
        var shots = Stored(DemoPictures.Shots, ShotsPerClass);
        var head = RefinerHead.Train(refiner, shots, Labels(ShotsPerClass), dogs.Count, new WorldRandom(0));
        var predicted = head.Logits(FeatureReader.Refiner(refiner, Stored(DemoPictures.Test, testPerClass))).argmax(1);
        return predicted.eq(Labels(testPerClass)).to_type(ScalarType.Float32).mean().item<float>();

        Tensor Labels(int perClass) => arange(dogs.Count).repeat_interleave(perClass);

        PixelStore Stored(Func<DemoClass, int, int, byte[]> pictures, int perClass)
        {
            var store = new PixelStore(ModelShapes.RefinerInput, dogs.Count * perClass);
            for (var row = 0; row < store.Count; row++)
                Preprocessing.ForRefiner(pictures(dogs[row / perClass], row % perClass, draw), store[row]);
            return store;
        }
    }
}
