using FewShotCluster.Vision.Models;
using FewShotCluster.Vision.Numerics;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference;

/// <summary>
/// A ConvNeXt-V2 made ready for one device: channels last, GRN's beta folded into the next layer's bias, weights cast and packed as a
/// <see cref="ComputePlan"/> says. Gives the features of <see cref="ConvNeXtV2"/>; runs on one thread at a time, in inference mode.
/// </summary>
public sealed class CompiledConvNeXtV2 : IDisposable
{
    private const double NormEpsilon = 1e-6;
    private readonly CompiledWeights weights;
    private readonly Kernels kernels;
    private readonly List<KernelCall> blocks = [];
    private readonly object[] norm;
    private readonly object[] head;

    /// <summary>Compiles a model, which is not modified and no longer needed afterwards.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">Device, number format and kernels.</param>
    /// <param name="resolution">Side of the usual input, pixels; others work too.</param>
    public CompiledConvNeXtV2(ConvNeXtV2 model, ComputePlan plan, int resolution)
    {
        (Dims, NumClasses, Depths, Plan, kernels) = (model.Dims, model.NumClasses, model.Depths, plan, plan.Kernels);
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        weights = new CompiledWeights(model, plan);
        var side = resolution;
        for (var stage = 0; stage < 4; stage++)
        {
            blocks.Add(stage == 0 ? Stem(side) : Downsample(stage, side));
            side /= stage == 0 ? 4 : 2;
            for (var i = 0; i < Depths[stage]; i++) blocks.Add(Block($"stages.{stage}.{i}.", side));
        }
        norm = [NormEpsilon, .. weights.KeepBoth("norm")];
        head = [.. weights.KeepLinear("head")];
        GC.KeepAlive(model); // a collected module takes its tensors along
    }

    /// <summary>Channels of the four stages; the last is the size of the pooled features.</summary>
    public IReadOnlyList<int> Dims { get; }

    /// <summary>Blocks of the four stages.</summary>
    public IReadOnlyList<int> Depths { get; }

    /// <summary>Outputs of the head.</summary>
    public int NumClasses { get; }

    /// <summary>Device, number format and kernels.</summary>
    public ComputePlan Plan { get; }

    /// <summary>Pooled features after the last norm.</summary>
    /// <param name="images">[N, 3, H, W], normalised pixels of the plan's device and number format.</param>
    /// <returns>[N, Dims[3]]; belongs to the caller's dispose scope.</returns>
    public Tensor Features(Tensor images)
    {
        using var scope = NewDisposeScope();
        return kernels.Run("pooled_norm", [kernels.Run(Kernels.ChannelsLast(images), blocks), .. norm]).MoveToOuterDisposeScope();
    }

    /// <summary>Logits of the checkpoint's own classes.</summary>
    /// <param name="images">[N, 3, H, W], normalised pixels of the plan's device and number format.</param>
    /// <returns>[N, NumClasses]; belongs to the caller's dispose scope.</returns>
    public Tensor Logits(Tensor images)
    {
        using var scope = NewDisposeScope();
        return kernels.Run("linear", [Features(images), .. head]).MoveToOuterDisposeScope();
    }

    /// <summary>Releases the weights.</summary>
    public void Dispose() => weights.Dispose();

    private KernelCall Stem(int side) =>
        new("convnext_stem", [.. PatchConv("downsample_layers.0.0", side), .. weights.KeepBoth("downsample_layers.0.1")]);

    private KernelCall Downsample(int stage, int side)
    {
        var name = $"downsample_layers.{stage}.";
        return new("convnext_downsample", [.. weights.KeepBoth(name + "0"), .. PatchConv(name + "1", side)]);
    }

    private KernelCall Block(string name, int side)
    {
        using var scope = NewDisposeScope();
        var project = weights.Take(name + "pwconv2.weight");
        var bias = weights.Take(name + "pwconv2.bias").Plus(project.matmul(weights.Take(name + "grn.beta").flatten()));
        return new("convnext_block",
        [
            weights.KeepDepthwise(weights.Take(name + "dwconv.weight"), side), weights.Keep(name + "dwconv.bias"), .. weights.KeepBoth(name + "norm"),
            weights.KeepBlockLinear(weights.Take(name + "pwconv1.weight")), weights.Keep(name + "pwconv1.bias"),
            weights.KeepSingle(weights.Take(name + "grn.gamma")), weights.KeepBlockLinear(project), weights.Keep(bias),
        ]);
    }

    private IDisposable[] PatchConv(string name, int side) =>
        [weights.KeepPatchConv(weights.Take(name + ".weight"), side), weights.Keep(name + ".bias")];
}
