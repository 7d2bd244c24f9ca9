using System.Runtime.InteropServices;
using FewShotCluster.Silo.Commands.Models;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Inference;
using FewShotCluster.Vision.Models;
using static TorchSharp.torch;

namespace FewShotCluster.Silo.Commands.Encode;

/// <summary>
/// A network on a device as command lines compare it with other implementations: float inputs, raw outputs if wanted, no vocabulary
/// needed for pictures. The serving path is <see cref="ClipEncoder"/> and <see cref="RefinerEncoder"/>.
/// </summary>
internal sealed class LoadedModel : IDisposable
{
    private const int SmallestConvNeXtInput = 32;
    private static readonly string[] DepthwiseConvolutions = ["dwconv.weight", "conv_dw.weight"];
    private const int UsualConvNeXtInput = 224;
    private readonly CompiledClip? clip;
    private readonly CompiledConvNeXtV2? convNeXt;
    private readonly ComputePlan plan;

    private LoadedModel(Checkpoint checkpoint, ComputePlan plan, ClipActivation? activation)
    {
        this.plan = plan;
        if (KindOf(checkpoint) == ModelKind.Clip)
        {
            using var model = Vision.Models.Clip.Load(checkpoint, activation ?? ActivationOption.Of(checkpoint.Path));
            clip = new CompiledClip(model, plan);
        }
        else
        {
            using var model = ConvNeXtV2.Load(checkpoint);
            convNeXt = new CompiledConvNeXtV2(model, plan, UsualConvNeXtInput);
        }
    }

    public ModelKind Kind => clip is null ? ModelKind.ConvNeXt : ModelKind.Clip;

    /// <summary>Size of the features.</summary>
    public int Embed => clip?.Config.EmbedDim ?? convNeXt!.Dims[3];

    /// <summary>A CLIP model's dimensions; null for a ConvNeXt.</summary>
    public ClipConfig? Clip => clip?.Config;

    /// <summary>The dimensions that tell one architecture from another.</summary>
    public string Architecture => clip?.Config switch
    {
        { VisionPatchSize: { } patch } c =>
            $"ViT/{patch} width {c.VisionWidth}, {c.VisionLayers[0]} layers; text width {c.TextWidth}, {c.TextLayers} layers",
        { } c => $"ResNet {string.Join('-', c.VisionLayers)} width {c.VisionWidth}; text width {c.TextWidth}, {c.TextLayers} layers",
        null =>
            $"ConvNeXt-V2 depths {string.Join('-', convNeXt!.Depths)}, "
            + $"dims {string.Join('-', convNeXt.Dims)}, {convNeXt.NumClasses} classes",
    };

    /// <param name="weights">A checkpoint.</param>
    /// <param name="plan">Where and how to run; null: float32 on the CPU.</param>
    /// <param name="activation">CLIP: what the weights were trained with; null: as far as the file is known.</param>
    /// <exception cref="CheckpointException">The weights cannot be used.</exception>
    public static LoadedModel Load(string weights, ComputePlan? plan = null, ClipActivation? activation = null)
    {
        using var checkpoint = Checkpoint.Open(weights);
        return new LoadedModel(checkpoint, plan ?? ComputePlan.Reference, activation);
    }

    /// <summary>Refuses a shape that the network does not take.</summary>
    public void CheckInput(string name, IReadOnlyList<long> shape)
    {
        var fits = shape is [>= 1, 3, var height, var width]
            && (Clip is { } config
                ? height == config.ImageResolution && width == height
                : Math.Min(height, width) >= SmallestConvNeXtInput);
        if (fits) return;
        var expected = Clip is { } c
            ? $"[N,3,{c.ImageResolution},{c.ImageResolution}]"
            : $"[N,3,H,W] of at least {SmallestConvNeXtInput} pixels a side";
        throw LocalVerb.Invalid($"{name} is [{string.Join(',', shape)}]; these weights take {expected}");
    }

    /// <summary>CLIP: image features; ConvNeXt: logits.</summary>
    /// <param name="values">Normalised pixels.</param>
    /// <param name="shape">[N, 3, H, W]</param>
    /// <param name="raw">CLIP: leave the features' length as it is.</param>
    public float[] EncodeImages(ReadOnlySpan<float> values, long[] shape, bool raw)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        var pixels = empty(shape, ScalarType.Float32);
        MemoryMarshal.AsBytes(values).CopyTo(pixels.bytes);
        var input = pixels.to(plan.Device).to(plan.Dtype);
        return clip is null ? Rows(convNeXt!.Logits(input), raw: true) : Rows(clip.EncodeImage(input), raw);
    }

    /// <summary>CLIP: text features.</summary>
    /// <param name="tokens">[N, context]</param>
    /// <param name="raw">Leave the features' length as it is.</param>
    public float[] EncodeTexts(long[] tokens, bool raw)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        var context = clip!.Config.ContextLength;
        return Rows(clip.EncodeText(clip.Trim(tensor(tokens, [tokens.Length / context, context])).to(plan.Device)), raw);
    }

    public EncoderReport Report(string weights) => new(Kind, Embed, Clip?.ImageResolution, FileDigest.Sha256(weights));

    public void Dispose()
    {
        clip?.Dispose();
        convNeXt?.Dispose();
    }

    /// <summary>By tensors that every naming of the architecture shares.</summary>
    public static ModelKind KindOf(Checkpoint checkpoint)
    {
        if (checkpoint.Tensors.Keys.Any(k => DepthwiseConvolutions.Any(name => k.EndsWith(name, StringComparison.Ordinal))))
            return ModelKind.ConvNeXt;
        return checkpoint.Tensors.ContainsKey("logit_scale")
            ? ModelKind.Clip
            : throw new CheckpointException(
                $"{checkpoint.Path}: neither a CLIP model (no 'logit_scale') nor a ConvNeXt (no depthwise convolution)");
    }

    private static float[] Rows(Tensor features, bool raw)
    {
        var single = features.to(ScalarType.Float32);
        return (raw ? single : nn.functional.normalize(single, dim: -1)).cpu().contiguous().data<float>().ToArray();
    }
}
