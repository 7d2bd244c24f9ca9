using FewShotCluster.Vision.Models;
using FewShotCluster.Vision.Numerics;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference;

/// <summary>CLIP's ResNet image tower (<see cref="ModifiedResNet"/>): BatchNorm is folded into the convolutions, channels last.</summary>
internal sealed class CompiledModifiedResNet : ICompiledTower
{
    private const double BatchNormEpsilon = 1e-5;
    private readonly Kernels kernels;
    private readonly List<KernelCall> blocks = [];
    private readonly object[] pool;

    public CompiledModifiedResNet(CompiledWeights weights, ClipConfig config)
    {
        kernels = weights.Plan.Kernels;
        var side = config.ImageResolution;
        blocks.Add(new("resnet_stem",
        [
            .. FirstConv(weights, side), .. Conv3x3(weights, "visual.conv2", "visual.bn2", side / 2),
            .. Conv3x3(weights, "visual.conv3", "visual.bn3", side / 2),
        ]));
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

    public Tensor Run(Tensor images) => kernels.Run("attention_pool", [kernels.Run(Kernels.ChannelsLast(images), blocks), .. pool]);

    private static KernelCall Block(CompiledWeights weights, string block, int stride, int side)
    {
        object[] convolutions =
        [
            .. Linear(weights, block + "conv1", block + "bn1"), .. Conv3x3(weights, block + "conv2", block + "bn2", side),
            .. Linear(weights, block + "conv3", block + "bn3"),
        ];
        return weights.Has(block + "downsample.0.weight")
            ? new("bottleneck_downsample", [stride, .. convolutions, .. Linear(weights, block + "downsample.0", block + "downsample.1")])
            : new("bottleneck", [.. convolutions]);
    }

    private static object[] FirstConv(CompiledWeights weights, int side)
    {
        var (weight, bias) = Folded(weights, "visual.conv1", "visual.bn1");
        return [weights.KeepConv(weight, 1, 2, 1, side), weights.Keep(bias)];
    }

    private static object[] Conv3x3(CompiledWeights weights, string conv, string norm, int side)
    {
        var (weight, bias) = Folded(weights, conv, norm);
        return [weights.KeepConv3x3(weight, side), weights.Keep(bias)];
    }

    /// <summary>A 1x1 convolution as a linear layer over channels.</summary>
    private static object[] Linear(CompiledWeights weights, string conv, string norm)
    {
        var (weight, bias) = Folded(weights, conv, norm);
        return [weights.KeepBlockLinear(weight.flatten(1)), weights.Keep(bias)];
    }

    /// <summary>Weights and bias of a convolution with the BatchNorm after it.</summary>
    private static (Tensor Weight, Tensor Bias) Folded(CompiledWeights weights, string conv, string norm)
    {
        var scale = weights.Take(norm + ".weight") / weights.Take(norm + ".running_var").Plus(BatchNormEpsilon).sqrt();
        var bias = weights.Take(norm + ".bias").Minus(weights.Take(norm + ".running_mean") * scale);
        return (weights.Take(conv + ".weight") * scale.view(-1, 1, 1, 1), bias);
    }

    private static object[] AttentionPool(CompiledWeights weights, int heads)
    {
        const string name = "visual.attnpool.";
        string[] parts = ["q_proj", "k_proj", "v_proj"];
        return
        [
            weights.Keep(name + "positional_embedding"),
            .. CompiledAttention.SingleQuery(
                weights, heads,
                [.. parts.Select(p => weights.Take($"{name}{p}.weight"))], [.. parts.Select(p => weights.Take($"{name}{p}.bias"))]),
            .. weights.KeepBlockLinear(name + "c_proj"),
        ];
    }
}
