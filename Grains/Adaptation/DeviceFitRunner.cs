using FewShotCluster.Grains.Devices;
using FewShotCluster.Vision.Adaptation;
using TorchSharp;

namespace FewShotCluster.Grains.Adaptation;

/// <summary>Fits as slices of a device's thread, between its batches: never a second set of busy threads.</summary>
/// <param name="slices">Calls a step on the device's thread until it returns false.</param>
/// <param name="device">Where the tensors are.</param>
internal sealed class DeviceFitRunner(Func<Func<bool>, CancellationToken, Task> slices, torch.Device device) : IFitRunner
{
    public DeviceFitRunner(DeviceWorker worker) : this(worker.RunSliced, worker.Device)
    {
    }

    public torch.Device Device => device;

    public async Task<TOut> Run<TResult, TOut>(
        Func<IterativeFit<TResult>> create, Func<TResult, TOut> read, Action<double> report, CancellationToken cancellationToken)
        where TResult : class, IDisposable
    {
        IterativeFit<TResult>? fit = null;
        TOut output = default!;
        try
        {
            await slices(Step, cancellationToken);
            return output;
        }
        finally
        {
            fit?.Dispose();
        }

        bool Step()
        {
            using var scope = torch.NewDisposeScope();
            if (fit is null)
            {
                fit = create();
                return true;
            }
            var more = fit.Step();
            report((double)fit.Completed / fit.Total);
            if (more) return true;
            using var result = fit.Result;
            output = read(result);
            return false;
        }
    }

    public async Task<T> Run<T>(Func<T> compute, CancellationToken cancellationToken)
    {
        T output = default!;
        await slices(
            () =>
            {
                using var scope = torch.NewDisposeScope();
                using var noGradient = torch.no_grad();
                output = compute();
                return false;
            },
            cancellationToken);
        return output;
    }
}
