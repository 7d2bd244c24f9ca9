using FewShotCluster.Demo.Training;
using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Encoders;

namespace FewShotCluster.Demo.Tests.Training;

/// <summary>The weights in models/demo: what the manifest says is there, and they are as good as the demo needs.</summary>
public class ShippedWeights
{
    private static readonly string Folder = Path.Combine(ReferenceData.RepositoryRoot, "models", "demo");

    [Fact]
    public void Digests_match_the_files()
    {
        var served = ModelManifest.Load(Folder);
        Assert.All(served.Models, model => Assert.Equal(model.Sha256, served.VerifyWeights(model)));
        var training = DemoManifest.Load(Folder).Training;
        Assert.Equal(training.VocabularySha256, FileDigest.Sha256(Path.Combine(Folder, "merges.txt")));
        Assert.Equal(TrainingRecipe.Version, training.Recipe);
    }

    [Fact]
    public void All_files_together_are_small() =>
        Assert.InRange(new DirectoryInfo(Folder).EnumerateFiles().Sum(file => file.Length), 1, 8 << 20);

    // About half of the measured margins on a draw that neither training nor tuning has seen.
    [Fact]
    public void Names_alone_and_the_refiner_are_as_good_as_the_demo_needs()
    {
        var accuracy = DemoEvaluation.Evaluate(Folder, draw: 30_003, testPerClass: 4);
        Assert.True(accuracy.Fused.All >= .70, $"{accuracy}");
        Assert.True(accuracy.Fused.Unseen >= .85, $"{accuracy}");
        Assert.True(accuracy.RefinerDogs >= .70, $"{accuracy}");
    }
}
