using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Models;
using static TorchSharp.torch;

namespace FewShotCluster.Demo.Training;

/// <summary>What training made, and how it lies on disk. The models stay the caller's.</summary>
internal sealed record TrainedModels(IReadOnlyList<string> Merges, Clip ViT, Clip ResNet, ConvNeXtV2 Refiner)
{
    public const string ViTName = "clip-vit";
    public const string ResNetName = "clip-rn";
    public const string RefinerName = "refiner";
    public const string MergesFile = "merges.txt";

    /// <summary>Weights in float16; each CLIP file holds its own copy of the text tower, so that either can be used alone.</summary>
    public DemoManifest Save(string folder, TrainingRecipe recipe, ulong seed, long seconds)
    {
        Directory.CreateDirectory(folder);
        var merges = Path.Combine(folder, MergesFile);
        File.WriteAllText(merges, string.Concat(Merges.Select(merge => merge + "\n")));
        var manifest = new DemoManifest(
            Schema: 1,
            [
                Write(folder, ViTName, ModelKind.Clip, ViT),
                Write(folder, ResNetName, ModelKind.Clip, ResNet),
                Write(folder, RefinerName, ModelKind.ConvNeXt, Refiner) with { Resolution = ModelShapes.RefinerInput },
            ],
            new TrainingNotes(
                TrainingRecipe.Version, seed, recipe.Pictures, recipe.DogPictures,
                new Dictionary<string, ModelNotes>
                {
                    [ViTName] = ClipNotes(ViT, recipe.ViT),
                    [ResNetName] = ClipNotes(ResNet, recipe.ResNet),
                    [RefinerName] = new(
                        ModelShapes.RefinerInput, PixelNormalization.ImageNet.Mean, PixelNormalization.ImageNet.StandardDeviation,
                        recipe.Refiner.Samples),
                },
                FileDigest.Sha256(merges), seconds));
        manifest.Save(folder);
        return manifest;
    }

    private static ModelEntry Write(string folder, string name, ModelKind kind, nn.Module model)
    {
        var file = $"{name}.safetensors";
        var path = Path.Combine(folder, file);
        using (NewDisposeScope())
            SafetensorsWriter.Write(path, model.state_dict(), ScalarType.Float16);
        return new ModelEntry(name, kind, file, kind == ModelKind.Clip ? MergesFile : null, FileDigest.Sha256(path));
    }

    private static ModelNotes ClipNotes(Clip model, Schedule schedule)
    {
        using var scope = NewDisposeScope();
        return new ModelNotes(
            model.Config.ImageResolution, PixelNormalization.Clip.Mean, PixelNormalization.Clip.StandardDeviation,
            schedule.Samples, model.LogitScale.exp().item<float>());
    }
}
