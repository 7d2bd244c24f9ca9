using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Adaptation;
using TorchSharp;

namespace FewShotCluster.Vision.Tests.Adaptation;

public class OnZetaTests
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
        var features = golden.Input("features").index_select(0, golden.Input("onzeta.order"));
        using var result = OnZetaFit.Fit(features, golden.Input("text"), OnZetaOptions.Paper with { KeepLabels = true });
        // A step too far moves the small problem's proxies across the sphere: float32 strays there, the authors' too.
        var tolerance = golden.Tolerance(1e-9, problem == "small" ? 1e-2 : 1e-4);
        Golden.Close(golden.Output("onzeta.w"), result.Proxies, tolerance);
        Golden.Close(golden.Output("onzeta.rho"), result.Dual, tolerance);
        if ((problem, precision) == ("medium", "f32")) return; // no labels are stored of it
        var best = golden.Output("onzeta.combo_argmax").data<double>().Select(c => (long)c).ToArray();
        Assert.Equal(best, result.CombinedBest);
        var text = golden.Output("onzeta.text_label");
        var stored = (int)text.shape[0];
        Golden.Close(text, result.TextLabels![..stored], tolerance);
        Golden.Close(golden.Output("onzeta.combo_label"), result.CombinedLabels![..stored], tolerance);
    }

    [Fact]
    public void Beats_text_on_a_mixed_stream_of_all_classes()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 41, classes: 20, size: 48);
        var stream = world.DrawEven(50);
        var order = torch.tensor(new Vision.Numerics.SplitMix64(5).Permutation(1000));
        var (features, labels) = (stream.Features.index_select(0, order), stream.Labels.index_select(0, order));
        using var result = OnZetaFit.Fit(features, world.Text, OnZetaOptions.Paper);
        var text = Scores.Accuracy(Scores.Proxies(features, world.Text), labels);
        var online = result.CombinedBest.Zip(labels.data<long>().ToArray()).Average(pair => pair.First == pair.Second ? 1.0 : 0);
        Assert.True(online > text + 0.02, $"text {text:P1}, OnZeta {online:P1}");
    }

    [Fact]
    public void Its_own_steps_change_nothing_and_bad_settings_are_refused()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 42, classes: 5, size: 16);
        var images = world.DrawEven(8).Features;
        using var alone = OnZetaFit.Fit(images[..1], world.Text, OnZetaOptions.Paper);
        Assert.Single(alone.CombinedBest);
        Assert.Throws<AdaptationException>(() => OnZetaFit.Fit(images, world.Text, OnZetaOptions.Paper with { MaximumVisionShare = 2 }));
        Assert.Throws<AdaptationException>(() => OnZetaFit.Fit(images, world.Text, OnZetaOptions.Paper with { ExpectedImages = 0 }));
        Assert.Throws<AdaptationException>(() => OnZetaFit.Fit(images * double.NaN, world.Text, OnZetaOptions.Paper));
    }
}
