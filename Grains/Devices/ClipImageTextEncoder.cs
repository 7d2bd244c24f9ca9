using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Grains.Devices;

/// <summary>A CLIP model of the numeric library as a device serves it; owns the model.</summary>
internal sealed class ClipImageTextEncoder(string name, ClipEncoder model) : IImageTextEncoder
{
    public EncoderInfo Info { get; } = new(name, model.Digest, model.Dimension, model.LogitScale, model.Resolution);

    public byte[] Preprocess(RgbImage image) => model.Preprocess(image);

    public float[] EncodeImages(IReadOnlyList<byte[]> planes) => model.EncodeImages(planes);

    public float[] EncodeTexts(IReadOnlyList<string> texts) => model.EncodeTexts(texts);

    public void Dispose() => model.Dispose();
}
