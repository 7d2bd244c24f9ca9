using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Adaptation;
using TorchSharp;

namespace FewShotCluster.Vision.Tests.Adaptation;

public class GaussianDiscriminantTests
{
    [Theory]
    [InlineData("small", "f64")]
    [InlineData("small", "f32")]
    [InlineData("medium", "f64")]
    [InlineData("medium", "f32")]
    public void Agrees_with_the_authors(string problem, string precision)
    {
        using var scope = torch.NewDisposeScope();
        var golden = new Golden(problem, precision);
        var (features, labels, text) = (golden.Input("features"), golden.Input("labels"), golden.Input("text"));
        var train = golden.Input("gda.train_index");
        using var gda = GaussianDiscriminant.Fit(
            new LabelledFeatures(features.index_select(0, train), labels.index_select(0, train)), (int)text.shape[1]);
        using var probe = gda.Probe(textWeight: 100);
        double Of(string name) => golden.Tolerance(1e-9, 1e-4) * golden.Output(name).abs().max().ToDouble();
        Golden.Close(golden.Output("gda.mean"), gda.Means, Of("gda.mean"));
        Golden.Close(golden.Output("gda.precision"), gda.Precision, Of("gda.precision"));
        Golden.Close(golden.Output("gda.W").t(), probe.W, Of("gda.W"));
        Golden.Close(golden.Output("gda.b"), probe.Bias, Of("gda.b"));
        var test = Scores.UnitRows(features.index_select(0, golden.Input("gda.test_index")));
        var fused = golden.Output("gda.fused_logits_alpha1");
        Golden.Close(fused, Scores.Probe(test[..(int)fused.shape[0]], text, probe), Of("gda.fused_logits_alpha1"));
    }

    [Fact]
    public void A_class_added_later_is_the_class_fitted_with_the_others()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 51, classes: 7, size: 24);
        var (shots, test) = (world.DrawEven(8), world.DrawEven(20));
        var isOld = shots.Labels < 6;
        using var six = GaussianDiscriminant.Fit(new LabelledFeatures(shots.Features[isOld], shots.Labels[isOld]), 6);
        using var seven = six.WithClass(shots.Features[isOld.logical_not()]);
        using var all = GaussianDiscriminant.Fit(shots, 7);
        Golden.Close(all.Means, seven.Means, 1e-12);
        double Accuracy(GaussianDiscriminant gda)
        {
            using var probe = gda.Probe(textWeight: 10);
            return Scores.Accuracy(Scores.Probe(test.Features, world.Text, probe), test.Labels);
        }
        Assert.InRange(Accuracy(seven) - Accuracy(all), -0.05, 0.05);
        var zeroShot = Scores.Accuracy(Scores.Proxies(test.Features, world.Text), test.Labels);
        Assert.True(Accuracy(seven) > zeroShot + 0.05, $"text {zeroShot:P1}, GDA {Accuracy(seven):P1}");
    }

    [Fact]
    public void One_image_one_class_and_equal_images_are_finite_and_a_class_without_shots_is_named()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 52, classes: 3, size: 8);
        var shots = world.DrawEven(1);
        foreach (var rows in new[] { shots.Features[..1], shots.Features[..1].repeat(4, 1) })
        {
            using var one = GaussianDiscriminant.Fit(new LabelledFeatures(rows, torch.zeros(rows.shape[0], torch.ScalarType.Int64)), 1);
            using var probe = one.Probe(100);
            Assert.True(probe.W.isfinite().all().item<bool>());
        }
        var error = Assert.Throws<AdaptationException>(() => GaussianDiscriminant.Fit(shots, 4));
        Assert.Contains("class 3", error.Message);
    }
}
