using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Inference;
using FewShotCluster.Vision.Inference.Cuda;
using FewShotCluster.Vision.Numerics;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Encoders;

/// <summary>
/// Preprocessed pictures through an image tower. uint8 travels to the device, a quarter of float32's bytes, from page-locked memory where
/// the device is a GPU, so that the copy is asynchronous; normalisation happens there, as part of what a GPU replays.
/// </summary>
internal sealed class PixelBatch : IDisposable
{
    private readonly int size;
    private readonly ComputePlan plan;
    private readonly Tensor mean;
    private readonly Tensor deviation;
    private readonly RecordedNetwork network;
    private Tensor? staging;

    /// <param name="size">Input side in pixels.</param>
    /// <param name="normalization">Of the tower's input.</param>
    /// <param name="plan">Where it computes.</param>
    /// <param name="tower">From normalised pixels [N, 3, size, size] of the plan's number format to features.</param>
    public PixelBatch(int size, PixelNormalization normalization, ComputePlan plan, Func<Tensor, Tensor> tower)
    {
        (this.size, this.plan) = (size, plan);
        mean = tensor(normalization.Mean.ToArray(), [1L, 3, 1, 1]).to(plan.Device).DetachFromDisposeScope();
        deviation = tensor(normalization.StandardDeviation.ToArray(), [1L, 3, 1, 1]).to(plan.Device).DetachFromDisposeScope();
        network = new RecordedNetwork(plan, pixels => tower(Normalized(pixels)));
    }

    /// <summary>What the tower makes of the pictures; belongs to the caller's scope and is to be read before the next call.</summary>
    /// <param name="planes">One uint8 array [3, size, size] per picture.</param>
    public Tensor Run(IReadOnlyList<byte[]> planes)
    {
        var length = 3 * size * size;
        var pixels = Staging(planes.Count);
        var bytes = pixels.bytes;
        for (var i = 0; i < planes.Count; i++)
        {
            if (planes[i].Length != length) throw new ArgumentException($"picture {i} has {planes[i].Length} values for 3 x {size} x {size}", nameof(planes));
            planes[i].CopyTo(bytes.Slice(i * length, length));
        }
        return network.Run(pixels);
    }

    public void Dispose()
    {
        network.Dispose();
        mean.Dispose();
        deviation.Dispose();
        staging?.Dispose();
    }

    // The order of operations is the reference's: (value / 255 - mean) / deviation, each in float32.
    private Tensor Normalized(Tensor pixels) => pixels.to(ScalarType.Float32).Over_(255).sub_(mean).div_(deviation).to(plan.Dtype);

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
