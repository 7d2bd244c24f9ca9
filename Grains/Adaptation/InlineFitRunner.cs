using FewShotCluster.Vision.Adaptation;
using TorchSharp;

namespace FewShotCluster.Grains.Adaptation;

/// <summary>Fits on the caller's thread: replays, where nobody else waits for the device.</summary>
internal sealed class InlineFitRunner(torch.Device device) : IFitRunner
{
    public torch.Device Device => device;

    public Task<TOut> Run<TResult, TOut>(
        Func<IterativeFit<TResult>> create, Func<TResult, TOut> read, Action<double> report, CancellationToken cancellationToken)
        where TResult : class, IDisposable
    {
        using var scope = torch.NewDisposeScope();
        using var fit = create();
        while (fit.Step())
        {
            cancellationToken.ThrowIfCancellationRequested();
            report((double)fit.Completed / fit.Total);
        }
        using var result = fit.Result;
        return Task.FromResult(read(result));
    }

    public Task<T> Run<T>(Func<T> compute, CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        return Task.FromResult(compute());
    }
}
