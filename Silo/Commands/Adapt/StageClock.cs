using System.Diagnostics;
using FewShotCluster.Vision.Adaptation;
using TorchSharp;

namespace FewShotCluster.Silo.Commands.Adapt;

/// <summary>Some consecutive steps of a fit.</summary>
/// <param name="Key">Its seconds' name in the report; stages of one name are added up.</param>
/// <param name="Steps">How many; none: the stage is left out.</param>
/// <param name="Title">What progress calls it, where that differs.</param>
internal readonly record struct FitStage(string Key, int Steps, string? Title = null);

/// <summary>Runs the stages of an <c>adapt</c> verb: times them, shows progress, stops between steps.</summary>
internal sealed class StageClock(Action<string, double> progress, CancellationToken stop)
{
    private readonly Dictionary<string, double> seconds = [];

    /// <summary>By stage, in the order of their first run.</summary>
    public IReadOnlyDictionary<string, double> Seconds => seconds;

    /// <summary>Runs a verb's work inside a dispose scope.</summary>
    public static Task<T> RunAsync<T>(string? json, Func<StageClock, T> work, CancellationToken cancellationToken) =>
        LocalVerb.RunAsync(json, (progress, stop) =>
        {
            using var scope = torch.NewDisposeScope();
            return work(new StageClock(progress, stop));
        }, cancellationToken);

    /// <summary>A stage of one step.</summary>
    public T Run<T>(string key, Func<T> work)
    {
        T? result = default;
        Run(new FitStage(key, 1), () => result = work());
        return result!;
    }

    /// <summary>A stage that tells its own progress, 0 to 1, and stops by itself.</summary>
    public T Run<T>(string key, Func<Action<double>, CancellationToken, T> work)
    {
        T? result = default;
        Run(new FitStage(key, 1), () => result = work(share => progress(key, share), stop));
        return result!;
    }

    /// <summary>Drives a fit through its stages, which hold all its steps; its result is the caller's.</summary>
    public TResult Drive<TResult>(IterativeFit<TResult> fit, params IEnumerable<FitStage> stages) where TResult : class, IDisposable
    {
        using (fit)
        {
            foreach (var stage in stages) Run(stage, () => fit.Step());
            return fit.Result;
        }
    }

    private void Run(FitStage stage, Action step)
    {
        if (stage.Steps == 0) return;
        var title = stage.Title ?? stage.Key;
        var start = Stopwatch.GetTimestamp();
        progress(title, 0);
        for (var done = 1; done <= stage.Steps; done++)
        {
            stop.ThrowIfCancellationRequested();
            step();
            progress(title, (double)done / stage.Steps);
        }
        stop.ThrowIfCancellationRequested();
        seconds[stage.Key] = seconds.GetValueOrDefault(stage.Key) + Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
