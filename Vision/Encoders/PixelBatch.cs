using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Numerics;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Encoders;

/// <summary>Turns preprocessed pictures into the input of an image tower: uint8 travels to the device, normalisation happens there.</summary>
internal sealed class PixelBatch : IDisposable
{
    private readonly int size;
    private readonly Device device;
    private readonly ScalarType dtype;
    private readonly Tensor mean;
    private readonly Tensor deviation;

    public PixelBatch(int size, PixelNormalization normalization, Device device, ScalarType dtype)
    {
        this.size = size;
        this.device = device;
        this.dtype = dtype;
        mean = tensor(normalization.Mean.ToArray(), [1L, 3, 1, 1]).to(device).DetachFromDisposeScope();
        deviation = tensor(normalization.StandardDeviation.ToArray(), [1L, 3, 1, 1]).to(device).DetachFromDisposeScope();
    }

    /// <summary>Normalised input [N, 3, size, size] on the device; belongs to the caller's scope.</summary>
    /// <param name="planes">One uint8 array [3, size, size] per picture.</param>
    public Tensor ToInput(IReadOnlyList<byte[]> planes)
    {
        var length = 3 * size * size;
        var pixels = empty([planes.Count, 3, size, size], ScalarType.Byte);
        var bytes = pixels.bytes;
        for (var i = 0; i < planes.Count; i++)
        {
            if (planes[i].Length != length) throw new ArgumentException($"picture {i} has {planes[i].Length} values for 3 x {size} x {size}", nameof(planes));
            planes[i].CopyTo(bytes.Slice(i * length, length));
        }
        // The order of operations is the reference's: (value / 255 - mean) / deviation, each in float32.
        return pixels.to(device).to(ScalarType.Float32).Over(255).sub(mean).div(deviation).to(dtype);
    }

    public void Dispose()
    {
        mean.Dispose();
        deviation.Dispose();
    }
}
