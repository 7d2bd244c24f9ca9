using FewShotCluster.Vision.Adaptation;
using TorchSharp;

namespace FewShotCluster.Grains.Adaptation;

/// <summary>Where fits compute: on a device's own thread between batches, or at once.</summary>
internal interface IFitRunner
{
    torch.Device Device { get; }

    /// <summary>Runs an iterative fit step by step.</summary>
    /// <param name="create">Makes the fit from tensors that it may leave to the enclosing dispose scope.</param>
    /// <param name="read">Copies the result out; it is disposed afterwards.</param>
    /// <param name="report">Told the share done, 0 to 1, after each step.</param>
    /// <param name="cancellationToken">Ends the fit between two steps.</param>
    Task<TOut> Run<TResult, TOut>(
        Func<IterativeFit<TResult>> create, Func<TResult, TOut> read, Action<double> report, CancellationToken cancellationToken)
        where TResult : class, IDisposable;

    /// <summary>One computation, in one piece.</summary>
    Task<T> Run<T>(Func<T> compute, CancellationToken cancellationToken);
}
