using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Errors;

namespace FewShotCluster.Grains.Devices;

/// <summary>A background fit on a device: one step a slice.</summary>
internal sealed class SlicedWork(Func<bool> step, CancellationToken cancellationToken)
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Completion => _completion.Task;

    /// <summary>One step; true while there is more to do.</summary>
    public bool Step()
    {
        if (cancellationToken.IsCancellationRequested)
        {
            _completion.TrySetCanceled(cancellationToken);
            return false;
        }
        try
        {
            if (step()) return true;
            _completion.TrySetResult();
        }
        catch (Exception e)
        {
            _completion.TrySetException(VisionErrors.Translate(e, FewShotErrorCode.Internal));
        }
        return false;
    }

    public void Abandon(Exception reason) => _completion.TrySetException(reason);
}
