using FewShotCluster.Client;
using FewShotCluster.Load;

namespace FewShotCluster.Bench.Cluster;

/// <summary>Answers a second that a cluster gives callers who wait for nothing else.</summary>
internal static class Capacity
{
    /// <summary>Callers at once: two full batches.</summary>
    public const int Callers = 64;

    /// <summary>A closed loop after a longer one to warm up.</summary>
    public static async Task<LoadReport> MeasureAsync(
        TrialCluster trial, IFewShotClient client, string classSetId, PhotoSource photos, TimeSpan duration, CancellationToken cancellationToken)
    {
        const string step = "measuring capacity";
        trial.Progress(step, 0);
        var send = LoadGenerator.Classify(client, classSetId, photos, new ClassifyOptions { Learn = false });
        // A fresh process compiles its code as it goes: it is itself only after some thousand requests.
        await RunAsync(2 * duration, 0);
        var report = await RunAsync(duration, 1L << 24);
        trial.Progress(step, 1);
        return report.Answered > 0 ? report : throw new InvalidOperationException($"no request was answered: {string.Join(", ", report.Errors)}");

        // Photos of other numbers: those of the warm-up are cached.
        Task<LoadReport> RunAsync(TimeSpan time, long first) => new LoadGenerator(
            LoadPlan.Closed(Callers, time), (request, token) => send(request with { Index = request.Index + first }, token)).RunAsync(cancellationToken);
    }
}
