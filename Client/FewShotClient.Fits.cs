using System.Runtime.CompilerServices;
using FewShotCluster.Client.Calls;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client;

/// <content>Background fits.</content>
public sealed partial class FewShotClient
{
    // The grain answers a poll after five seconds at the latest.
    private static readonly TimeSpan PollTimeout = TimeSpan.FromSeconds(15);

    // How often a fit that its node forgot (it restarted) is started anew.
    private const int MaxStarts = 3;

    /// <inheritdoc/>
    public Task<FitStatus> FitAsync(string classSetId, IProgress<FitStatus>? progress = null, CancellationToken cancellationToken = default) =>
        FitAsync(classSetId, new FitOptions(), progress, cancellationToken);

    /// <inheritdoc/>
    public Task<FitStatus> FitAsync(
        string classSetId, FitOptions options, IProgress<FitStatus>? progress = null, CancellationToken cancellationToken = default)
    {
        var key = options.Validation is null ? null : NewOperation().Id;
        Func<Task>? stage = options.Validation is { } validation ? () => StageAsync(classSetId, key!, validation, options, cancellationToken) : null;
        return FitAsync(classSetId, new FitRequest(FitKind.Shots, options.Preset, key), stage, progress, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<FitStatus> RefineAsync(string classSetId, IProgress<FitStatus>? progress = null, CancellationToken cancellationToken = default) =>
        FitAsync(classSetId, FitKind.Proxies, null, progress, cancellationToken);

    /// <inheritdoc/>
    public Task<FitStatus> RefineAsync(
        string classSetId, FitPreset preset, IProgress<FitStatus>? progress = null, CancellationToken cancellationToken = default) =>
        FitAsync(classSetId, new FitRequest(FitKind.Proxies, preset), null, progress, cancellationToken);

    /// <inheritdoc/>
    public async Task<FitStatus> CancelFitAsync(string classSetId, FitKind kind, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var status = await Poll($"cancel the fit of '{classSetId}'", token => ClassSet(classSetId).CancelFit(kind, token), cancellationToken);
            if (!status.State.IsPending()) return status;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ClassSetProgress> WatchAsync(
        string classSetId, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ClassSetProgress? last = null;
        while (true)
        {
            var now = await Poll(
                $"watch '{classSetId}'", token => ClassSet(classSetId).WaitForProgress(last?.Change ?? 0, token), cancellationToken);
            // The poll ended because its time was over.
            if (last is not null && now.Change == last.Change && now.Latest.Version == last.Latest.Version) continue;
            last = now;
            yield return now;
        }
    }

    private async Task<FitStatus> FitAsync(
        string classSetId, FitRequest request, Func<Task>? stage, IProgress<FitStatus>? progress, CancellationToken cancellationToken)
    {
        for (var starts = 1; ; starts++)
        {
            if (stage is not null) await stage();
            // Repeatable: a second start reports the running fit, and a second fit of the same shots publishes the same weights.
            var status = await Read($"start the fit of '{classSetId}'", () => ClassSet(classSetId).StartFit(request), cancellationToken);
            progress?.Report(status);
            while (status.State.IsPending())
            {
                status = await Poll($"wait for the fit of '{classSetId}'", token => ClassSet(classSetId).WaitForFit(request.Kind, token), cancellationToken);
                progress?.Report(status);
            }
            if (status.State is FitState.Published or FitState.Refused or FitState.Cancelled) return status;
            if (status.State == FitState.Failed)
                throw new FewShotException(FewShotErrorCode.Internal, $"the fit of '{classSetId}' failed: {status.Reason}");
            if (starts == MaxStarts)
                throw new FewShotException(
                    FewShotErrorCode.DeviceUnavailable, $"the fit of '{classSetId}' was lost {starts} times: its node restarts; check 'fewshot status'");
        }
    }

    private async Task StageAsync(
        string classSetId, string key, IAsyncEnumerable<Shot> validation, FitOptions options, CancellationToken cancellationToken)
    {
        var (sent, failed) = (0, 0);
        await foreach (var batch in ShotBatches.Split(validation, cancellationToken))
        {
            List<FailedInput> left = [.. batch.Failed];
            if (batch.Shots.Count > 0)
            {
                var result = await Write(
                    $"send validation photos of '{classSetId}'", classSetId, (set, token) => set.StageValidation(key, batch.Shots, token),
                    cancellationToken);
                left.AddRange(result.Failed);
            }
            foreach (var one in left) options.ValidationFailed?.Invoke(one);
            (sent, failed) = (sent + batch.Failed.Count + batch.Shots.Count, failed + left.Count);
            options.ValidationProgress?.Report(new ShotsProgress(sent, null, failed));
        }
    }

    private Task<T> Poll<T>(string what, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        calls.RunAsync(what, PollTimeout + options.ReadTimeout, PollTimeout, (_, token) => call(token), cancellationToken);
}
