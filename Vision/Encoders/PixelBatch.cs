using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Inference;
using FewShotCluster.Vision.Numerics;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Encoders;

/// <summary>
/// Turns preprocessed pictures into the input of an image tower. uint8 travels to the device, a quarter of float32's bytes, from
/// page-locked memory where the device is a GPU, so that the copy is asynchronous; normalisation happens there.
/// </summary>
internal sealed class PixelBatch : IDisposable
{
    private readonly int size;
    private readonly ComputePlan plan;
    private readonly Tensor mean;
    private readonly Tensor deviation;
    private Tensor? staging;

    public PixelBatch(int size, PixelNormalization normalization, ComputePlan plan)
    {
        (this.size, this.plan) = (size, plan);
        mean = tensor(normalization.Mean.ToArray(), [1L, 3, 1, 1]).to(plan.Device).DetachFromDisposeScope();
        deviation = tensor(normalization.StandardDeviation.ToArray(), [1L, 3, 1, 1]).to(plan.Device).DetachFromDisposeScope();
    }

    /// <summary>
    /// Normalised input [N, 3, size, size] on the device; belongs to the caller's scope. The features made from it must be read before
    /// the next call, which writes to the memory that this one's copy reads.
    /// </summary>
    /// <param name="planes">One uint8 array [3, size, size] per picture.</param>
    public Tensor ToInput(IReadOnlyList<byte[]> planes)
    {
        var length = 3 * size * size;
        var pixels = Staging(planes.Count);
        var bytes = pixels.bytes;
        for (var i = 0; i < planes.Count; i++)
        {
            if (planes[i].Length != length) throw new ArgumentException($"picture {i} has {planes[i].Length} values for 3 x {size} x {size}", nameof(planes));
            planes[i].CopyTo(bytes.Slice(i * length, length));
        }
        // The order of operations is the reference's: (value / 255 - mean) / deviation, each in float32.
        return pixels.to(plan.Device, non_blocking: true).to(ScalarType.Float32).Over_(255).sub_(mean).div_(deviation).to(plan.Dtype);
    }

    public void Dispose()
    {
        mean.Dispose();
        deviation.Dispose();
        staging?.Dispose();
    }

    private Tensor Staging(int count)
    {
        if (plan.IsCpu) return empty([count, 3, size, size], ScalarType.Byte);
        if (staging is null || staging.shape[0] < count)
        {
            staging?.Dispose();
            using var scope = NewDisposeScope();
            staging = empty([count, 3, size, size], ScalarType.Byte).pin_memory().DetachFromDisposeScope();
        }
        return staging.narrow(0, 0, count);
    }
}
