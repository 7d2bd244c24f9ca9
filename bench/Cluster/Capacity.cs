using FewShotCluster.Client;
using FewShotCluster.Load;

namespace FewShotCluster.Bench.Cluster;

/// <summary>Answers a second that a cluster gives callers who wait for nothing else.</summary>
internal static class Capacity
{
    private const int Callers = 48;

    /// <summary>A short closed loop after a shorter one to warm up.</summary>
    public static async Task<LoadReport> MeasureAsync(
        TrialCluster trial, IFewShotClient client, string classSetId, PhotoSource photos, TimeSpan duration, CancellationToken cancellationToken)
    {
        const string step = "measuring capacity";
        trial.Progress(step, 0);
        var send = LoadGenerator.Classify(client, classSetId, photos, new ClassifyOptions { Learn = false });
        await new LoadGenerator(LoadPlan.Closed(Callers, duration / 2), send).RunAsync(cancellationToken);
        // Photos of other numbers: those of the warm-up are cached.
        var report = await new LoadGenerator(
            LoadPlan.Closed(Callers, duration), (request, token) => send(request with { Index = request.Index + (1 << 24) }, token)).RunAsync(cancellationToken);
        trial.Progress(step, 1);
        return report.Answered > 0 ? report : throw new InvalidOperationException($"no request was answered: {string.Join(", ", report.Errors)}");
    }
}
