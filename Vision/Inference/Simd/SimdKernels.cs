using System.Runtime.Intrinsics.X86;
using FewShotCluster.Vision.Numerics;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// The blocks of Scripts/blocks.py with our own attention, norms, activations and depthwise convolutions, in float32 and bfloat16 on the
/// CPU. float32 has our Winograd convolutions; if told so, products are ours too. What else there is, and all outside blocks, is oneDNN's.
/// </summary>
internal sealed unsafe partial class SimdKernels(Kernels oneDnn, bool ownProducts) : Kernels(ownProducts ? "simd" : oneDnn.Name, oneDnn)
{
    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported && OpenMp.IsAvailable;

    public override IDisposable PackBlockLinear(Tensor weight) =>
        ownProducts && PackedMatrix.Supports(weight) ? new PackedMatrix(weight) : base.PackBlockLinear(weight);

    public override IDisposable PackConv3x3(Tensor weight, int side) =>
        weight.dtype == ScalarType.Float32 && WinogradConvolution.Supports(weight.shape[0], weight.shape[1])
            ? new WinogradConvolution(weight)
            : base.PackConv3x3(weight, side);

    public override IDisposable PackDepthwise(Tensor weight, int side) =>
        DepthwiseConvolution.Supports(weight) ? new DepthwiseConvolution(weight) : base.PackDepthwise(weight, side);

    public override IDisposable PackPatchConv(Tensor weight, int side)
    {
        // Norms take channels by eights; before colours there is none.
        const int colours = 3;
        if (!ownProducts || weight.shape[0] % Lanes8.Count != 0 || (weight.shape[1] != colours && weight.shape[1] % Lanes8.Count != 0))
            return base.PackPatchConv(weight, side);
        using var rows = weight.permute(0, 2, 3, 1).flatten(1);
        return PackedMatrix.Supports(rows) ? new PackedMatrix(rows) : base.PackPatchConv(weight, side);
    }

    public override Tensor Run(string method, params object[] arguments) => method switch
    {
        "attention_block" => AttentionBlock(arguments),
        "pooled_attention_block" => PooledAttentionBlock(arguments),
        "attention_pool" => AttentionPool(arguments),
        "head" => Head(arguments),
        "convnext_stem" => ConvNeXtStem(arguments),
        "convnext_downsample" => ConvNeXtDownsample(arguments),
        "convnext_block" => ConvNeXtBlock(arguments),
        "resnet_stem" when IsSingle(arguments) => ResNetStem(arguments),
        "bottleneck" when ownProducts || IsSingle(arguments) => Bottleneck(arguments),
        "bottleneck_downsample" when ownProducts || IsSingle(arguments) => BottleneckDownsample(arguments),
        _ => base.Run(method, arguments),
    };

    private Tensor AttentionBlock(object[] a)
    {
        if (a is not [Tensor x, int heads, bool causal, bool quick, Tensor ln1, Tensor ln1Bias, var inProj, Tensor inProjBias,
            var outProj, Tensor outProjBias, Tensor ln2, Tensor ln2Bias, var fc, Tensor fcBias, var proj, Tensor projBias])
            throw Mismatch("attention_block");
        using var scope = NewDisposeScope();
        var projected = Product(Norm(x, ln1, ln1Bias, 1e-5f), inProj, inProjBias);
        var x1 = Product(Attention(projected, heads, causal), outProj, outProjBias, x);
        return Mlp(x1, quick, ln2, ln2Bias, fc, fcBias, proj, projBias).MoveToOuterDisposeScope();
    }

    private Tensor PooledAttentionBlock(object[] a)
    {
        if (a is not [Tensor x, Tensor positions, bool causal, bool quick, Tensor ln1, Tensor ln1Bias, var query, Tensor queryBias,
            Tensor key, Tensor value, Tensor valueBias, var outProj, Tensor outProjBias, Tensor ln2, Tensor ln2Bias, var fc, Tensor fcBias,
            var proj, Tensor projBias])
            throw Mismatch("pooled_attention_block");
        using var scope = NewDisposeScope();
        var index = positions.view(-1, 1, 1).expand(-1, 1, x.Size(2));
        var h = Norm(x, ln1, ln1Bias, 1e-5f);
        var q = Product(h.gather(1, index).squeeze(1), query, queryBias);
        var attended = SingleQuery(q, h, causal ? positions : null, key, value, valueBias);
        var x1 = Product(attended, outProj, outProjBias, x.gather(1, index).squeeze(1));
        return Mlp(x1, quick, ln2, ln2Bias, fc, fcBias, proj, projBias).MoveToOuterDisposeScope();
    }

    private Tensor Mlp(Tensor x, bool quick, Tensor norm, Tensor normBias, object fc, Tensor fcBias, object proj, Tensor projBias) =>
        Product(
            Product(Norm(x, norm, normBias, 1e-5f), fc, fcBias, activation: quick ? Activation.Silu : Activation.Gelu), proj, projBias, x);

    private Tensor AttentionPool(object[] a)
    {
        if (a is not [Tensor x, Tensor positions, var query, Tensor queryBias, Tensor key, Tensor value, Tensor valueBias, var proj, Tensor projBias])
            throw Mismatch("attention_pool");
        using var scope = NewDisposeScope();
        var pixels = x.flatten(1, 2);
        var tokens = cat([pixels.mean([1], keepdim: true), pixels], 1).Plus(positions);
        var q = Product(tokens.select(1, 0), query, queryBias);
        var attended = SingleQuery(q, tokens, null, key, value, valueBias);
        return Product(attended, proj, projBias).MoveToOuterDisposeScope();
    }

    private Tensor Head(object[] a)
    {
        if (a is not [Tensor x, double epsilon, Tensor norm, Tensor normBias, var weights, Tensor bias]) throw Mismatch("head");
        using var scope = NewDisposeScope();
        return Product(Norm(x, norm, normBias, (float)epsilon), weights, bias).MoveToOuterDisposeScope();
    }

    public override Tensor Linear(Tensor x, IDisposable weights, Tensor bias) => Product(x, weights, bias);

    private Tensor ResNetStem(object[] a)
    {
        if (a is not [Tensor x, Tensor conv1, Tensor conv1Bias, var conv2, Tensor conv2Bias, var conv3, Tensor conv3Bias])
            throw Mismatch("resnet_stem");
        using var scope = NewDisposeScope();
        var y = base.Run("conv_relu", x, conv1, conv1Bias, 1, 2).permute(0, 2, 3, 1);
        y = Conv3x3(Conv3x3(y, conv2, conv2Bias), conv3, conv3Bias);
        return base.Run("anti_alias", y, 2).MoveToOuterDisposeScope();
    }

    private Tensor Bottleneck(object[] a)
    {
        if (a is not [Tensor x, var conv1, Tensor conv1Bias, var conv2, Tensor conv2Bias, var conv3, Tensor conv3Bias])
            throw Mismatch("bottleneck");
        using var scope = NewDisposeScope();
        var y = Conv3x3(Product(x, conv1, conv1Bias, activation: Activation.Relu), conv2, conv2Bias);
        return Product(y, conv3, conv3Bias, x, activation: Activation.Relu).MoveToOuterDisposeScope();
    }

    private Tensor BottleneckDownsample(object[] a)
    {
        if (a is not [Tensor x, int stride, var conv1, Tensor conv1Bias, var conv2, Tensor conv2Bias,
            var conv3, Tensor conv3Bias, var downsample, Tensor downsampleBias])
            throw Mismatch("bottleneck_downsample");
        using var scope = NewDisposeScope();
        var y = Conv3x3(Product(x, conv1, conv1Bias, activation: Activation.Relu), conv2, conv2Bias);
        var identity = Product(base.Run("anti_alias", x, stride), downsample, downsampleBias);
        return Product(base.Run("anti_alias", y, stride), conv3, conv3Bias, identity, Activation.Relu).MoveToOuterDisposeScope();
    }

    private Tensor Conv3x3(Tensor x, object conv, Tensor bias) =>
        conv is WinogradConvolution winograd ? winograd.Run(x.contiguous(), bias) : base.Run("conv3x3_relu", x, conv, bias);

    private Tensor Product(Tensor x, object weights, Tensor bias, Tensor? residual = null, Activation activation = Activation.None)
    {
        if (weights is PackedMatrix packed) return Linear(x, packed, bias, residual, activation);
        if (residual is null) return base.Run(activation is Activation.None ? "linear" : $"linear_{ScriptName(activation)}", x, weights, bias);
        var sum = base.Run("linear_add", x, residual, weights, bias);
        return activation is Activation.Relu ? sum.relu_() : sum;
    }

    private static string ScriptName(Activation activation) => activation switch
    {
        Activation.Relu => "relu",
        Activation.Silu => "silu",
        _ => "gelu",
    };

    private static bool IsSingle(object[] arguments) => arguments[0] is Tensor { dtype: ScalarType.Float32 };

    private static ArgumentException Mismatch(string method) => new($"arguments are not those of {method}");
}
