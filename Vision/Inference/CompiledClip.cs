using FewShotCluster.Vision.Models;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference;

/// <summary>
/// A CLIP model made ready for one device: weights folded, cast and packed as a <see cref="ComputePlan"/> says. Gives the features of
/// <see cref="Clip"/>; runs on one thread at a time, in inference mode.
/// </summary>
public sealed class CompiledClip : IDisposable
{
    private const int GpuLengths = 16;
    private readonly CompiledWeights weights;
    private readonly ICompiledTower visual;
    private readonly CompiledTextTransformer text;

    /// <summary>Compiles a model, which is not modified and no longer needed afterwards.</summary>
    public CompiledClip(Clip model, ComputePlan plan)
    {
        (Config, Plan) = (model.Config, plan);
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        LogitScale = model.LogitScale.exp().to(ScalarType.Float32).cpu().item<float>();
        weights = new CompiledWeights(model, plan);
        visual = Config.VisionPatchSize is null
            ? new CompiledModifiedResNet(weights, Config)
            : new CompiledVisionTransformer(weights, Config);
        text = new CompiledTextTransformer(weights, Config);
        GC.KeepAlive(model); // a collected module takes its tensors along
    }

    /// <summary>The model's dimensions.</summary>
    public ClipConfig Config { get; }

    /// <summary>Device, number format and kernels.</summary>
    public ComputePlan Plan { get; }

    /// <summary>exp(logit_scale): the factor from cosines to logits.</summary>
    public double LogitScale { get; }

    /// <summary>Image features, not normalised.</summary>
    /// <param name="images">[N, 3, resolution, resolution], normalised pixels of the plan's device and number format.</param>
    /// <returns>[N, embed]; belongs to the caller's dispose scope.</returns>
    public Tensor EncodeImage(Tensor images)
    {
        using var scope = NewDisposeScope();
        return visual.Run(images).MoveToOuterDisposeScope();
    }

    /// <summary>Text features, not normalised: the state at the end token, which is the largest id of a row.</summary>
    /// <param name="tokens">[N, L] int64 on the plan's device; of L positions up to the context's none is needed after the longest text (<see cref="Trim"/>).</param>
    /// <returns>[N, embed]; belongs to the caller's dispose scope.</returns>
    public Tensor EncodeText(Tensor tokens)
    {
        using var scope = NewDisposeScope();
        return text.Run(tokens).MoveToOuterDisposeScope();
    }

    /// <summary>Texts cut after the longest one's end token: causality makes the rest unnecessary.</summary>
    /// <param name="tokens">[N, context] int64, on the CPU.</param>
    /// <returns>[N, L]; belongs to the caller's dispose scope. On a GPU L is a multiple of sixteen: it replays few shapes.</returns>
    public Tensor Trim(Tensor tokens)
    {
        using var scope = NewDisposeScope();
        var length = tokens.argmax(-1).max().item<long>() + 1;
        if (!Plan.IsCpu) length = Math.Min(tokens.shape[1], (length + GpuLengths - 1) / GpuLengths * GpuLengths);
        return tokens.narrow(1, 0, length).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>Releases the weights.</summary>
    public void Dispose() => weights.Dispose();
}
