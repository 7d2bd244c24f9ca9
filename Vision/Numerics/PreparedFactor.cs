using FewShotCluster.Vision.Inference;
using FewShotCluster.Vision.Inference.Simd;
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

    private readonly Tensor? _tensor;
    private readonly PackedMatrix? _packed;
    private readonly Tensor? _noBias;

    /// <param name="w">[M,K], dense or a transposed view; copied.</param>
    public PreparedFactor(Tensor w)
    {
        var isPlain = w.device_type == DeviceType.CPU && w.dtype == torch.ScalarType.Float32;
        if (isPlain && w.numel() >= WorthPacking && ComputePlan.For().Kernels is SimdKernels)
        {
            _packed = new PackedMatrix(w);
            _noBias = torch.zeros(w.shape[0]).DetachFromDisposeScope();
        }
        else
        {
            _tensor = w.clone().DetachFromDisposeScope();
        }
    }

    /// <summary>x W^T [N,M] for x [N,K]; belongs to the caller's dispose scope.</summary>
    public Tensor MultiplyBy(Tensor x) =>
        _packed is null ? x.matmul(_tensor!.t()) : SimdKernels.Linear(x, _packed, _noBias!);

    public void Dispose()
    {
        _tensor?.Dispose();
        _packed?.Dispose();
        _noBias?.Dispose();
    }
}
