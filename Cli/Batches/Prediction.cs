using FewShotCluster.Cli.Inputs;
using FewShotCluster.Cli.Output;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Batches;

/// <summary>The seed's batch run: classify all, refit InMaP to what was classified, classify all again from cached features.</summary>
internal sealed class Prediction(ToolContext context, IFewShotClient client, string classSetId, ClassifyOptions options)
{
    /// <param name="files">The photos, in ordinal order of their names.</param>
    /// <param name="refine">Whether to refit, and so whether there is a second pass.</param>
    /// <param name="cancellationToken">Cancels what is in flight; a refit goes on in the cluster.</param>
    public async Task<PredictReport> RunAsync(IReadOnlyList<ImageFile> files, bool refine, CancellationToken cancellationToken)
    {
        var clock = new BatchClock(context.Time);
        // Leaves the features in the cluster's caches and the photos in the set's unlabelled pool.
        var batch = await new BatchClassifier(client, classSetId, options).RunAsync(context, "classifying", files, cancellationToken);
        var refined = new RefineOutcome(FitState.None, 0, refine ? "no photo could be classified" : "not asked for");
        if (refine && batch.Files.Count > 0)
        {
            refined = await RefineAsync(cancellationToken);
            batch = await AgainAsync(files, batch, refined.Version, cancellationToken);
        }
        return PredictReport.Of(batch, refined, clock.Seconds);
    }

    // A gate that says no is an answer: the run goes on with what is served, and says so.
    private async Task<RefineOutcome> RefineAsync(CancellationToken cancellationToken)
    {
        var fit = await FitView.WaitAsync(
            context, "refining", progress => client.RefineAsync(classSetId, progress, cancellationToken));
        if (fit.State == FitState.Refused)
        {
            var set = await client.DescribeAsync(classSetId, cancellationToken);
            var served = set.Serving.TryGetValue("proxies", out var basis) ? basis : "what was before";
            context.Error.WriteLine($"not refined: {fit.Reason.ReplaceLineEndings(" ")}; served instead: {served}");
        }
        return new RefineOutcome(fit.State, fit.Version, fit.Reason);
    }

    // What is no photo stays out; what failed of the moment (overload, a deadline) gets its second chance.
    private async Task<ClassifyReport> AgainAsync(
        IReadOnlyList<ImageFile> files, ClassifyReport first, long version, CancellationToken cancellationToken)
    {
        var unusable = first.Failed.Where(f => f.Code is FewShotErrorCode.InvalidImage or FewShotErrorCode.ImageTooLarge).ToList();
        var left = unusable.Select(f => f.Source).ToHashSet();
        var refitted = new BatchClassifier(client, classSetId, options with { MinimumVersion = version });
        var second = await refitted.RunAsync(
            context, "classifying again", [.. files.Where(f => !left.Contains(f.Name))], cancellationToken);
        return second with { Failed = [.. unusable.Concat(second.Failed).OrderBy(f => f.Source, StringComparer.Ordinal)] };
    }
}
