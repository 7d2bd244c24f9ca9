using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Demo.Training;

/// <summary>The product's own decoding and resizing, so that training and serving see the same pixels.</summary>
internal static class Preprocessing
{
    private static readonly ClipPreprocessor ViT = new(ModelShapes.ViTInput);
    private static readonly ClipPreprocessor ResNet = new(ModelShapes.ResNetInput);
    private static readonly RefinerPreprocessor Refiner = new(ModelShapes.RefinerInput);

    /// <summary>A picture of pre-training, for both CLIPs: [side, side, 3] each.</summary>
    public static void ForClips(byte[] jpeg, Span<byte> vit, Span<byte> resNet)
    {
        var image = ImageDecoder.Decode(jpeg);
        ViT.Resize(image).ToRgb().CopyTo(vit);
        ResNet.Resize(image).ToRgb().CopyTo(resNet);
    }

    public static void ForRefiner(byte[] jpeg, Span<byte> pixels) => Refiner.Resize(ImageDecoder.Decode(jpeg)).ToRgb().CopyTo(pixels);
}
