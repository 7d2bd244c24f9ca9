using FewShotCluster.Vision.Models;
using FewShotCluster.Vision.Numerics;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference;

/// <summary>CLIP's ResNet image tower (<see cref="ModifiedResNet"/>): BatchNorm is folded into the convolutions, channels last.</summary>
internal sealed class CompiledModifiedResNet : ICompiledTower
{
    private const double BatchNormEpsilon = 1e-5;
    private readonly Kernels kernels;
    private readonly object[] stem;
    private readonly List<(string Method, object[] Arguments)> blocks = [];
    private readonly object[] pool;

    public CompiledModifiedResNet(CompiledWeights weights, ClipConfig config)
    {
        kernels = weights.Plan.Kernels;
        var side = config.ImageResolution;
        stem = [.. Conv(weights, "visual.conv1", "visual.bn1", 1, 2, side), .. Conv(weights, "visual.conv2", "visual.bn2", 1, 1, side / 2),
            .. Conv(weights, "visual.conv3", "visual.bn3", 1, 1, side / 2)];
        side /= 4;
        for (var stage = 1; stage <= 4; stage++)
            for (var i = 0; i < config.VisionLayers[stage - 1]; i++)
            {
                var stride = stage > 1 && i == 0 ? 2 : 1;
                blocks.Add(Block(weights, $"visual.layer{stage}.{i}.", stride, side));
                side /= stride;
            }
        pool = AttentionPool(weights, config.VisionHeads);
    }

    public Tensor Run(Tensor images)
    {
        var x = kernels.Run("resnet_stem", [Kernels.ChannelsLast(images), .. stem]);
        foreach (var (method, arguments) in blocks)
        {
            var next = kernels.Run(method, [x, .. arguments]);
            x.Dispose();
            x = next;
        }
        return kernels.Run("attention_pool", [x, .. pool]);
    }

    private static (string, object[]) Block(CompiledWeights weights, string block, int stride, int side)
    {
        Tensor[] convolutions =
        [
            .. Conv(weights, block + "conv1", block + "bn1", 0, 1, side), .. Conv(weights, block + "conv2", block + "bn2", 1, 1, side),
            .. Conv(weights, block + "conv3", block + "bn3", 0, 1, side / stride),
        ];
        return weights.Has(block + "downsample.0.weight")
            ? ("bottleneck_downsample",
                [stride, .. convolutions, .. Conv(weights, block + "downsample.0", block + "downsample.1", 0, 1, side / stride)])
            : ("bottleneck", [.. convolutions]);
    }

    /// <summary>Weights and bias of a convolution with the BatchNorm after it.</summary>
    private static Tensor[] Conv(CompiledWeights weights, string conv, string norm, int padding, int stride, int side)
    {
        using var scope = NewDisposeScope();
        var weight = weights.Take(conv + ".weight");
        var scale = weights.Take(norm + ".weight") / weights.Take(norm + ".running_var").Plus(BatchNormEpsilon).sqrt();
        var bias = weights.Take(norm + ".bias") - weights.Take(norm + ".running_mean") * scale;
        return
        [
            weights.KeepConv(weight * scale.view(-1, 1, 1, 1), padding, stride, 1, 1, weight.shape[1], side, side), weights.Keep(bias),
        ];
    }

    private static object[] AttentionPool(CompiledWeights weights, int heads)
    {
        const string name = "visual.attnpool.";
        string[] parts = ["q_proj", "k_proj", "v_proj"];
        return
        [
            weights.Keep(name + "positional_embedding"),
            .. CompiledAttention.SingleQuery(
                weights, heads, [.. parts.Select(p => weights.Take($"{name}{p}.weight"))], [.. parts.Select(p => weights.Take($"{name}{p}.bias"))]),
            weights.KeepLinear(weights.Take(name + "c_proj.weight")), weights.Keep(name + "c_proj.bias"),
        ];
    }
}
