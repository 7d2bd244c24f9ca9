using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Grains.Tests.Fakes;

/// <summary>Pooled features are the mean colour; augmented views of one colour are equal.</summary>
internal sealed class ToyRefiner : IRefinerBackbone
{
    private int _encoded;

    public EncoderInfo Info { get; } = new("toy-refiner", "digest-of-refiner", 4, 1, ToyImages.Side);

    public int Encoded => Volatile.Read(ref _encoded);

    public byte[] Preprocess(RgbImage image) => image.ToPlanes();

    public float[] Encode(IReadOnlyList<byte[]> planes)
    {
        Interlocked.Add(ref _encoded, planes.Count);
        return [.. planes.SelectMany(ToyEncoder.Feature)];
    }

    public void Dispose()
    {
    }
}
