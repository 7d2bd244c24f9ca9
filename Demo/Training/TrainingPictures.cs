using FewShotCluster.Demo.Classes;
using FewShotCluster.Demo.World;

namespace FewShotCluster.Demo.Training;

/// <summary>The pictures that the CLIPs learn from, drawn and preprocessed in memory: facts for captions, pixels of both inputs.</summary>
internal sealed record ClipPictures(IReadOnlyList<PictureFacts> Facts, PixelStore ViT, PixelStore ResNet)
{
    public static ClipPictures Draw(
        TrainingRecipe recipe, int seed, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var random = new WorldRandom(SeedRanges.Seed(Purpose.Pretraining, seed, TrainingPictures.Specs, 0));
        var samples = Enumerable.Range(0, recipe.Pictures).Select(_ => PretrainingSampler.Sample(random)).ToList();
        var vit = new PixelStore(ModelShapes.ViTInput, samples.Count);
        var resNet = new PixelStore(ModelShapes.ResNetInput, samples.Count);
        TrainingPictures.Draw("pictures", samples.Count, progress, cancellation, i =>
        {
            var jpeg = WorldRenderer.Render(samples[i].Spec, SeedRanges.Seed(Purpose.Pretraining, seed, TrainingPictures.Renderings, i));
            Preprocessing.ForClips(jpeg, vit[i], resNet[i]);
        });
        return new ClipPictures([.. samples.Select(sample => sample.Facts)], vit, resNet);
    }
}

/// <summary>The dogs that the refiner learns from: pixels, and the values of the eight attributes, row after row.</summary>
internal sealed record RefinerPictures(PixelStore Pixels, long[][] Attributes)
{
    public static RefinerPictures Draw(
        TrainingRecipe recipe, int seed, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var random = new WorldRandom(SeedRanges.Seed(Purpose.Refiner, seed, TrainingPictures.Specs, 0));
        var dogs = Enumerable.Range(0, recipe.DogPictures).Select(_ => RefinerSampler.Sample(random)).ToList();
        var pixels = new PixelStore(ModelShapes.RefinerInput, dogs.Count);
        TrainingPictures.Draw("dogs", dogs.Count, progress, cancellation, i =>
        {
            var jpeg = WorldRenderer.Render(dogs[i], SeedRanges.Seed(Purpose.Refiner, seed, TrainingPictures.Renderings, i));
            Preprocessing.ForRefiner(jpeg, pixels[i]);
        });
        return new RefinerPictures(pixels, [.. dogs.Select(DogAttributes.Of)]);
    }
}

internal static class TrainingPictures
{
    // Seeds of training pictures have no class; its place tells specifications from renderings.
    public const int Renderings = 0;
    public const int Specs = 1;

    private const int ReportEvery = 500;

    /// <summary>Draws on all cores; each picture depends on its own seed only, so the order does not matter.</summary>
    public static void Draw(
        string stage, int count, IProgress<TrainingProgress>? progress, CancellationToken cancellation, Action<int> drawOne)
    {
        var done = 0;
        Parallel.For(0, count, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            drawOne(i);
            if (Interlocked.Increment(ref done) is var now && (now % ReportEvery == 0 || now == count))
                progress?.Report(new TrainingProgress(stage, now, count));
        });
    }
}
