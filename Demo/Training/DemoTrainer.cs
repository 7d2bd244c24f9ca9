using System.Diagnostics;
using FewShotCluster.Demo.Classes;
using FewShotCluster.Demo.World;
using FewShotCluster.Demo.World.Dogs;
using FewShotCluster.Vision.Tokenization;
using static TorchSharp.torch;

namespace FewShotCluster.Demo.Training;

/// <summary>
/// Makes the demo's models from nothing but a seed: draws the pictures, learns the vocabulary, trains ResNet and ViT one after the
/// other and the refiner beside them. About ten minutes on two cores.
/// </summary>
public static class DemoTrainer
{
    private const int CaptionsForVocabulary = 4000;

    /// <summary>Writes three weight files, <c>merges.txt</c> and <c>manifest.json</c> into a folder, which is made if absent.</summary>
    /// <exception cref="OperationCanceledException">Cancelled between two steps; nothing was written.</exception>
    public static DemoManifest Train(
        string outputFolder, ulong seed, IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default) =>
        Train(outputFolder, seed, new TrainingRecipe(), progress, cancellation);

    internal static DemoManifest Train(
        string outputFolder, ulong seed, TrainingRecipe recipe, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(seed, (ulong)SeedRanges.MaxDraw);
        var watch = Stopwatch.StartNew();
        var dogs = RefinerPictures.Draw(recipe, (int)seed, progress, cancellation);
        var pictures = ClipPictures.Draw(recipe, (int)seed, progress, cancellation);
        var merges = LearnMerges(recipe, pictures.Facts, Stream(seed, "merges"));
        var tokenizer = ClipTokenizer.FromMerges(merges, ModelShapes.ContextLength);

        // One side's failure stops the other, which then counts as cancelled, so that the failure is what surfaces.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var refining = OnOwnThread(stop, () =>
            new RefinerTrainer(dogs, progress, stop.Token).Train(recipe.Refiner, Stream(seed, "refiner")));
        var clips = OnOwnThread(stop, () =>
        {
            var trainer = new ClipTrainer(pictures, tokenizer, progress, stop.Token);
            var resNet = trainer.TrainResNet(recipe.ResNet, Stream(seed, "resnet"));
            return (ResNet: resNet, ViT: trainer.TrainViT(recipe.ViT, resNet, recipe.Distillation, Stream(seed, "vit")));
        });
        Task.WhenAll(refining, clips).GetAwaiter().GetResult();

        using var refiner = refining.Result;
        using var resNet = clips.Result.ResNet;
        using var vit = clips.Result.ViT;
        var trained = new TrainedModels(merges, vit, resNet, refiner);
        return trained.Save(outputFolder, recipe, seed, (long)watch.Elapsed.TotalSeconds);
    }

    /// <summary>From captions, and from every name of the demo, so that no word is spelt in letters.</summary>
    private static List<string> LearnMerges(TrainingRecipe recipe, IReadOnlyList<PictureFacts> facts, WorldRandom random) =>
        BpeLearner.Learn(
        [
            .. facts.Take(CaptionsForVocabulary).Select(fact => Captions.Write(fact, random)),
            .. DemoClasses.All.Select(demoClass => $"a photo of a {demoClass.Name}."),
            .. Enum.GetValues<DogGroup>().Select(group => group.Word()),
            .. Enum.GetValues<Coat>().Select(coat => coat.Word()),
        ],
        recipe.MaxMerges);

    private static WorldRandom Stream(ulong seed, string use) => WorldRandom.FromText($"training {seed} {use}");

    private static Task<T> OnOwnThread<T>(CancellationTokenSource stop, Func<T> train) => Task.Factory.StartNew(
        () =>
        {
            set_num_threads(1);
            try
            {
                return train();
            }
            catch
            {
                stop.Cancel();
                throw;
            }
        },
        stop.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
