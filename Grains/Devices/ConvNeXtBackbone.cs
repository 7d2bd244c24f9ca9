using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Grains.Devices;

/// <summary>A ConvNeXt-V2 backbone of the numeric library as a device serves it; owns the model.</summary>
internal sealed class ConvNeXtBackbone(string name, RefinerEncoder model) : IRefinerBackbone
{
    public EncoderInfo Info { get; } = new(name, model.Digest, model.Dimension, 1, model.Resolution);

    public byte[] Preprocess(RgbImage image) => model.Preprocess(image);

    public float[] Encode(IReadOnlyList<byte[]> planes) => model.Encode(planes);

    public void Dispose() => model.Dispose();
}
