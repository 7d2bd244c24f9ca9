using FewShotCluster.Vision.Inference;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Numerics;

/// <summary>
/// A matrix W [M,K] that many others are multiplied with, in the layout of the kernels that the encoders use (float32 on the CPU):
/// torch's own products go through MKL, which runs at half of the processor's rate where it is not Intel's. Elsewhere, and in
/// float64, it is a tensor.
/// </summary>
internal sealed class PreparedFactor : IDisposable
{
    // A small matrix stays in the caches whatever multiplies it.
    private const long WorthPacking = 1 << 18;

    private static readonly Kernels FastKernels = ComputePlan.Reference.Kernels;
    private readonly Tensor? _tensor;
    private readonly IDisposable? _packed;
    private readonly Tensor? _noBias;

    /// <param name="w">[M,K], dense or a transposed view; copied.</param>
    public PreparedFactor(Tensor w)
    {
        var isPlain = w.device_type == DeviceType.CPU && w.dtype == torch.ScalarType.Float32;
        if (isPlain && w.numel() >= WorthPacking && FastKernels != Kernels.Aten)
        {
            using var scope = torch.NewDisposeScope();
            _packed = FastKernels.PackBlockLinear(w.contiguous());
            (_packed as Tensor)?.DetachFromDisposeScope();
            _noBias = torch.zeros(w.shape[0]).DetachFromDisposeScope();
        }
        else
        {
            _tensor = w.clone().DetachFromDisposeScope();
        }
    }

    /// <summary>x W^T [N,M] for x [N,K]; belongs to the caller's dispose scope.</summary>
    public Tensor MultiplyBy(Tensor x) => _packed is null ? x.matmul(_tensor!.t()) : FastKernels.Linear(x, _packed, _noBias!);

    public void Dispose()
    {
        _tensor?.Dispose();
        _packed?.Dispose();
        _noBias?.Dispose();
    }
}
