using FewShotCluster.Grains.Devices;
using FewShotCluster.Vision.Adaptation;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Grains.ClassSets.Fits;

/// <summary>Runs an iterative fit as slices of a device's thread and reads its result there.</summary>
internal static class DeviceFit
{
    /// <param name="worker">The device.</param>
    /// <param name="create">Makes the fit from tensors that it may leave to the enclosing dispose scope.</param>
    /// <param name="read">Copies the result out; it is disposed afterwards.</param>
    /// <param name="report">Told the share done, 0 to 1, after each step.</param>
    /// <param name="cancellationToken">Ends the fit between two steps.</param>
    public static async Task<TOut> Run<TResult, TOut>(
        DeviceWorker worker,
        Func<IterativeFit<TResult>> create,
        Func<TResult, TOut> read,
        Action<double> report,
        CancellationToken cancellationToken) where TResult : class, IDisposable
    {
        IterativeFit<TResult>? fit = null;
        TOut output = default!;
        try
        {
            await worker.RunSliced(Step, cancellationToken);
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

    /// <summary>One computation on the device's thread, as a single slice.</summary>
    public static async Task<T> Run<T>(DeviceWorker worker, Func<T> compute, CancellationToken cancellationToken)
    {
        T output = default!;
        await worker.RunSliced(
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

    /// <summary>[rows, columns] float32 on the device, from row-major bytes.</summary>
    public static Tensor Matrix(byte[] rowMajor, int columns, torch.Device device)
    {
        var values = rowMajor.AsFloats().ToArray();
        return torch.tensor(values, [values.Length / columns, columns]).to(device);
    }

    public static byte[] Bytes(Tensor tensor) =>
        FloatBytes.From(tensor.to(torch.ScalarType.Float32).cpu().contiguous().data<float>().ToArray());
}
