using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Checkpoints.Layouts;
using FewShotCluster.Vision.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace FewShotCluster.Vision.Models;

/// <summary>
/// ConvNeXt-V2 (Woo et al., CVPR 2023; facebookresearch/ConvNeXt-V2, models/convnextv2.py). Fields are named as the checkpoint's
/// keys; any input size works, odd sizes floor in each downsampling.
/// </summary>
public sealed class ConvNeXtV2 : Module<Tensor, Tensor>
{
    private readonly ModuleList<Sequential> downsample_layers;
    private readonly ModuleList<Sequential> stages;
    private readonly LayerNorm norm;
    private readonly Linear head;

    /// <summary>A model with random weights.</summary>
    /// <param name="depths">Blocks of the four stages.</param>
    /// <param name="dims">Channels of the four stages.</param>
    /// <param name="numClasses">Outputs of the head.</param>
    public ConvNeXtV2(IReadOnlyList<int> depths, IReadOnlyList<int> dims, int numClasses) : base(nameof(ConvNeXtV2))
    {
        Depths = depths;
        Dims = dims;
        NumClasses = numClasses;
        downsample_layers = ModuleList(Enumerable.Range(0, 4).Select(i => i == 0
            ? Sequential(("0", new Conv2d(3, dims[0], 4, stride: 4)), ("1", new ChannelLayerNorm(dims[0])))
            : Sequential(("0", new ChannelLayerNorm(dims[i - 1])), ("1", new Conv2d(dims[i - 1], dims[i], 2, stride: 2)))).ToArray());
        stages = ModuleList(Enumerable.Range(0, 4).Select(i => Sequential(
            Enumerable.Range(0, depths[i]).Select(_ => (Module<Tensor, Tensor>)new ConvNeXtBlock(dims[i])).ToArray())).ToArray());
        norm = LayerNorm(dims[3], eps: 1e-6);
        head = new Linear(dims[3], numClasses);
        RegisterComponents();
    }

    /// <summary>Blocks of the four stages.</summary>
    public IReadOnlyList<int> Depths { get; }

    /// <summary>Channels of the four stages; the last is the size of the pooled features.</summary>
    public IReadOnlyList<int> Dims { get; }

    /// <summary>Outputs of the head.</summary>
    public int NumClasses { get; }

    /// <summary>
    /// Loads a checkpoint of facebookresearch, Hugging Face or timm naming; dimensions come from the weights, which are widened to float32.
    /// </summary>
    /// <exception cref="CheckpointException">Not a ConvNeXt-V2 checkpoint, misfit keys (listed by name), a weight not finite.</exception>
    public static ConvNeXtV2 Load(Checkpoint checkpoint)
    {
        checkpoint = CheckpointLayout.AsFacebookResearch(checkpoint);
        var dims = Enumerable.Range(0, 4).Select(i => (int)checkpoint.Shape($"stages.{i}.0.dwconv.weight", 4)[0]).ToArray();
        var depths = Enumerable.Range(0, 4)
            .Select(i => checkpoint.Tensors.Keys.Count(
                k => k.StartsWith($"stages.{i}.", StringComparison.Ordinal) && k.EndsWith(".dwconv.weight", StringComparison.Ordinal)))
            .ToArray();
        var classes = checkpoint.Shape("head.weight", 2)[0];
        // Every matrix before any is allocated: a few small tensors of a wrong file could ask for a gigantic model.
        for (var i = 0; i < 4; i++)
        {
            if (i > 0) checkpoint.Expect($"downsample_layers.{i}.1.weight", dims[i], dims[i - 1], 2, 2);
            for (var block = 0; block < depths[i]; block++)
            {
                checkpoint.Expect($"stages.{i}.{block}.pwconv1.weight", 4L * dims[i], dims[i]);
                checkpoint.Expect($"stages.{i}.{block}.pwconv2.weight", dims[i], 4L * dims[i]);
            }
        }
        checkpoint.Expect("head.weight", classes, dims[3]);
        var model = new ConvNeXtV2(depths, dims, (int)classes);
        try
        {
            ModuleWeights.Load(model, checkpoint, new HashSet<string>());
            model.eval();
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Pooled features after the last norm.</summary>
    /// <param name="x">[N, 3, H, W], normalised pixels.</param>
    /// <returns>[N, dims[3]]</returns>
    public Tensor forward_features(Tensor x)
    {
        for (var i = 0; i < 4; i++) x = stages[i].call(downsample_layers[i].call(x));
        return norm.call(x.mean([-2L, -1L]));
    }

    /// <summary>Logits of the checkpoint's own classes.</summary>
    public override Tensor forward(Tensor x) => head.call(forward_features(x));
}

/// <summary>Depthwise 7x7, LayerNorm, expansion by 4 with GELU and GRN, projection, residual; channels last inside.</summary>
internal sealed class ConvNeXtBlock : Module<Tensor, Tensor>
{
    private readonly Conv2d dwconv;
    private readonly LayerNorm norm;
    private readonly Linear pwconv1;
    private readonly GlobalResponseNorm grn;
    private readonly Linear pwconv2;

    public ConvNeXtBlock(long dim) : base(nameof(ConvNeXtBlock))
    {
        dwconv = new Conv2d(dim, dim, 7, padding: 3, groups: dim);
        norm = LayerNorm(dim, eps: 1e-6);
        pwconv1 = new Linear(dim, 4 * dim);
        grn = new GlobalResponseNorm(4 * dim);
        pwconv2 = new Linear(4 * dim, dim);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) // [N, C, H, W]
    {
        // A block's intermediates go with its scope: a whole forward's would be gigabytes.
        using var scope = NewDisposeScope();
        var y = dwconv.call(x).permute(0, 2, 3, 1);                                   // [N, H, W, C]
        y = F.gelu(pwconv1.call(norm.call(y)));                                       // [N, H, W, 4 C]
        y = pwconv2.call(grn.call(y));
        return x.Plus(y.permute(0, 3, 1, 2)).MoveToOuterDisposeScope();
    }
}

/// <summary>LayerNorm over the channels of [N, C, H, W].</summary>
internal sealed class ChannelLayerNorm : Module<Tensor, Tensor>
{
    private readonly Parameter weight;
    private readonly Parameter bias;

    public ChannelLayerNorm(long channels) : base(nameof(ChannelLayerNorm))
    {
        weight = Parameter(ones(channels));
        bias = Parameter(zeros(channels));
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) =>
        F.layer_norm(x.permute(0, 2, 3, 1), weight.shape, weight, bias, 1e-6).permute(0, 3, 1, 2);
}
