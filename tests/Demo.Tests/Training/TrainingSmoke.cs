using FewShotCluster.Demo.Training;
using FewShotCluster.Vision.Encoders;

namespace FewShotCluster.Demo.Tests.Training;

/// <summary>The whole training in miniature: a few steps on a few pictures.</summary>
public sealed class TrainingSmoke : IDisposable
{
    private static readonly TrainingRecipe Tiny = new()
    {
        Pictures = 48,
        DogPictures = 32,
        ResNet = new Schedule(Samples: 24 * 30, Batch: 24, LearningRate: 2e-3, WeightDecay: .1),
        ViT = new Schedule(Samples: 16 * 30, Batch: 16, LearningRate: 1.5e-3, WeightDecay: .1),
        Refiner = new Schedule(Samples: 8 * 100, Batch: 8, LearningRate: 3e-3, WeightDecay: .05),
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("demo-training").FullName;

    [Fact]
    public void Losses_fall_and_the_files_can_be_served()
    {
        var losses = new Losses();
        var manifest = DemoTrainer.Train(_folder, seed: 5, Tiny, losses, TestContext.Current.CancellationToken);

        Assert.All(
            ["ResNet", "ViT", "refiner"], stage => Assert.True(losses.Last(stage) < losses.AtStart(stage), $"{stage} learnt nothing"));
        Assert.Equal(48, losses.Done("pictures"));
        var served = ModelManifest.Load(_folder);
        Assert.Equal(["clip-vit", "clip-rn", "refiner"], served.Models.Select(model => model.Name));
        Assert.All(served.Models, model => Assert.Equal(model.Sha256, served.VerifyWeights(model)));
        Assert.Equal(manifest.Training.VocabularySha256, FileDigest.Sha256(Path.Combine(_folder, "merges.txt")));
        var accuracy = DemoEvaluation.Evaluate(_folder, draw: 1, testPerClass: 1);
        Assert.InRange(accuracy.Fused.All, 0, 1);
    }

    [Fact]
    public void Cancelling_stops_and_leaves_nothing_behind()
    {
        using var stop = new CancellationTokenSource();
        var progress = new Losses { OnReport = report => { if (report.Stage == "refiner") stop.Cancel(); } };
        var output = Path.Combine(_folder, "new");
        Assert.ThrowsAny<OperationCanceledException>(() => DemoTrainer.Train(output, seed: 5, Tiny, progress, stop.Token));
        Assert.False(Directory.Exists(output));
    }

    [Fact]
    public void One_models_failure_stops_the_others_and_surfaces()
    {
        var broken = Tiny with { ResNet = Tiny.ResNet with { Batch = Tiny.Pictures + 1 } };
        Assert.Throws<ArgumentOutOfRangeException>(
            () => DemoTrainer.Train(_folder, seed: 5, broken, progress: null, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_seed_beyond_the_pictures_range_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => DemoTrainer.Train(_folder, seed: 1 << 24));

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
