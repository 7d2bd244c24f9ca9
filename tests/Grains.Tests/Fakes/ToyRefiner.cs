using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Grains.Tests.Fakes;

/// <summary>Pooled features are the mean colour; augmented views of one colour are equal.</summary>
internal sealed class ToyRefiner : IRefinerBackbone
{
    private int _encoded;

    public string Digest => "digest-of-refiner";

    public int Dimension => 4;

    public int Resolution => ToyImages.Side;

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
