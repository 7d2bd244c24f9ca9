using FewShotCluster.Vision.Models;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Tests.Checkpoints;

/// <summary>The smallest CLIP with two blocks in the image tower.</summary>
internal static class TinyClip
{
    public static readonly ClipConfig Config = new()
    {
        EmbedDim = 6,
        ImageResolution = 32,
        VisionWidth = 64,
        VisionPatchSize = 16,
        VisionLayers = [2],
        ContextLength = 8,
        VocabularySize = 20,
        TextWidth = 64,
        TextLayers = 1,
    };

    public static Clip Random()
    {
        var model = new Clip(Config);
        using var _ = no_grad();
        foreach (var (name, value) in model.state_dict())
            if (name.EndsWith("bias", StringComparison.Ordinal)) value.normal_(); // starts at zero, where a mix-up would not show
        model.eval();
        return model;
    }

    public static Tensor Image(Clip model) =>
        model.encode_image(arange(3 * 32 * 32, dtype: ScalarType.Float32).sin().reshape(1, 3, 32, 32));

    public static Tensor Text(Clip model) => model.encode_text(tensor(new long[] { 18, 3, 7, 5, 19, 0, 0, 0 }, [1, 8]));
}
