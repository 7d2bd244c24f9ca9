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
        FitAsync(classSetId, FitKind.Shots, progress, cancellationToken);

    /// <inheritdoc/>
    public Task<FitStatus> RefineAsync(string classSetId, IProgress<FitStatus>? progress = null, CancellationToken cancellationToken = default) =>
        FitAsync(classSetId, FitKind.Proxies, progress, cancellationToken);

    private async Task<FitStatus> FitAsync(string classSetId, FitKind kind, IProgress<FitStatus>? progress, CancellationToken cancellationToken)
    {
        for (var starts = 1; ; starts++)
        {
            // Repeatable: a second start reports the running fit, and a second fit of the same shots publishes the same weights.
            var status = await Read($"start the fit of '{classSetId}'", () => ClassSet(classSetId).StartFit(kind), cancellationToken);
            progress?.Report(status);
            while (status.State == FitState.Running)
            {
                status = await calls.RunAsync(
                    $"wait for the fit of '{classSetId}'",
                    PollTimeout + options.ReadTimeout,
                    PollTimeout,
                    (_, token) => ClassSet(classSetId).WaitForFit(kind, token),
                    cancellationToken);
                progress?.Report(status);
            }
            if (status.State is FitState.Published or FitState.Refused) return status;
            if (status.State == FitState.Failed)
                throw new FewShotException(FewShotErrorCode.Internal, $"the fit of '{classSetId}' failed: {status.Reason}");
            if (starts == MaxStarts)
                throw new FewShotException(
                    FewShotErrorCode.DeviceUnavailable, $"the fit of '{classSetId}' was lost {starts} times: its node restarts; check 'fewshot status'");
        }
    }
}
