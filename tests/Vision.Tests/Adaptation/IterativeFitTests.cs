using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Adaptation;
using TorchSharp;

namespace FewShotCluster.Vision.Tests.Adaptation;

public class IterativeFitTests
{
    [Fact]
    public void Steps_count_up_to_the_total_and_give_what_one_run_gives()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 61, classes: 4, size: 8);
        var x = world.DrawEven(4).Features;
        var options = InmapOptions.Paper with { Iterations = 5, SinkhornIterations = 3 };
        using var fit = new InmapFit(x, world.Text, options);
        // The text scores; of Sinkhorn the softmax in two passes, three rounds and the labels; the target, five gradient steps.
        Assert.Equal(13, fit.Total);
        for (var done = 1; done <= 13; done++)
        {
            Assert.Throws<InvalidOperationException>(() => fit.Result);
            Assert.Equal(done < 13, fit.Step());
            Assert.Equal(done, fit.Completed);
        }
        Assert.False(fit.Step());
        Assert.Equal(5, fit.Result.Trace.Count);
        using var whole = InmapFit.Fit(x, world.Text, options);
        Golden.Close(whole.Proxies, fit.Result.Proxies, 0);
    }

    [Fact]
    public void The_result_outlives_the_fit_and_the_input_is_left_alone()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 62, classes: 4, size: 8);
        var shots = world.DrawEven(2);
        var before = shots.Features.clone();
        LpPlusPlusResult result;
        using (var fit = new LpPlusPlusFit(shots, world.Text, LpPlusPlusOptions.Paper with { Epochs = 3 }))
        {
            shots.Features.zero_(); // the fit must not look at its input again
            while (fit.Step()) { }
            result = fit.Result;
        }
        using (result)
        using (var expected = LpPlusPlusFit.Fit(shots with { Features = before }, world.Text, LpPlusPlusOptions.Paper with { Epochs = 3 }))
            Golden.Close(expected.Weights.W, result.Weights.W, 0);
        var disposed = new LpPlusPlusFit(world.DrawEven(1), world.Text, LpPlusPlusOptions.Paper);
        disposed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => disposed.Step());
    }

    [Fact]
    public void No_step_leaves_a_tensor_behind()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 63, classes: 6, size: 12);
        var (shots, validation) = (world.DrawEven(3), world.DrawEven(2));
        var logits = shots.Features.matmul(world.Text);
        Flat(() => new SinkhornFit(logits, 0.05, iterations: 100));
        Flat(() => new InmapFit(shots.Features, world.Text, InmapOptions.Paper with { Iterations = 100 }));
        Flat(() => new InmapFit(shots.Features, world.Text, InmapOptions.Paper with { Iterations = 100, UseSinkhorn = false }));
        Flat(() => new SeedInmapFit(shots.Features, world.Text));
        Flat(() => new LpPlusPlusFit(shots, world.Text, LpPlusPlusOptions.Paper with { Epochs = 100 }));
        Flat(() => new LpPlusPlusFit(shots, world.Text, LpPlusPlusOptions.Paper with { Epochs = 100 }, validation));
        Flat(() => new RefinerHeadFit(shots, 6, RefinerHeadOptions.Default with { Epochs = 100 }));
        Flat(() => new RefinerHeadFit(shots, 6, RefinerHeadOptions.SeedPreset with { BatchSize = 4 }));
    }

    /// <summary>Steps a fit to its end: once with its result read, once abandoned half-way, once with the result never read.</summary>
    private static void Flat<T>(Func<IterativeFit<T>> create) where T : class, IDisposable
    {
        using var scope = torch.NewDisposeScope();
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        foreach (var (share, read) in new[] { (1.0, true), (0.5, false), (1.0, false) })
        {
            var before = statistics.ThreadTotalLiveCount;
            var fit = create();
            var alive = statistics.ThreadTotalLiveCount;
            var most = alive;
            while (fit.Completed < fit.Total * share)
            {
                fit.Step();
                most = Math.Max(most, statistics.ThreadTotalLiveCount);
            }
            // A few more than at the start are its state (targets, best weights, the result); a leak would be one or more a step.
            Assert.True(most - alive <= 12, $"{typeof(T).Name}: {alive} tensors at the start, {most} later");
            if (read) fit.Result.Dispose();
            fit.Dispose();
            var after = statistics.ThreadTotalLiveCount;
            var way = $"{typeof(T).Name}, {share:P0} done, result {(read ? "read" : "not read")}";
            Assert.True(before == after, $"{way}: {before} tensors before, {after} after");
        }
    }
}
