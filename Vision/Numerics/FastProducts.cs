using FewShotCluster.Vision.Inference;
using FewShotCluster.Vision.Inference.Simd;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Numerics;

/// <summary>
/// Large float32 matrix products on the CPU by the kernels that the encoders use: torch's own go through MKL, which runs at half of
/// this processor's rate where it is not Intel's. Elsewhere, and in float64, torch's.
/// </summary>
internal static class FastProducts
{
    /// <summary>x w^T. Belongs to the caller's dispose scope.</summary>
    /// <param name="x">[N,K]</param>
    /// <param name="w">[M,K], dense or a transposed view.</param>
    /// <returns>[N,M]</returns>
    public static Tensor TimesTransposed(Tensor x, Tensor w)
    {
        var isPlain = x.device_type == DeviceType.CPU && x.dtype == torch.ScalarType.Float32;
        if (!isPlain || ComputePlan.For().Kernels is not SimdKernels) return x.matmul(w.t());
        using var packed = new PackedMatrix(w);
        using var noBias = torch.zeros(w.shape[0]);
        return SimdKernels.Linear(x, packed, noBias);
    }
}
