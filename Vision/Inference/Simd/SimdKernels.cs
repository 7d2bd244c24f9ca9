using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// The blocks of Scripts/blocks.py on our own AVX2 kernels (float32, CPU): transformer blocks whole, bottlenecks and ConvNeXt blocks but
/// for strided and depthwise convolutions. Those and everything outside blocks are oneDNN's.
/// </summary>
internal sealed unsafe class SimdKernels(Kernels oneDnn) : Kernels("simd", oneDnn)
{
    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported && OpenMp.IsAvailable;

    public override IDisposable PackBlockLinear(Tensor weight) => new PackedMatrix(weight);

    public override IDisposable PackConv3x3(Tensor weight, int side) =>
        WinogradConvolution.Supports(weight.shape[0], weight.shape[1]) ? new WinogradConvolution(weight) : base.PackConv3x3(weight, side);

    public override Tensor Run(string method, params object[] arguments) => method switch
    {
        "attention_block" => AttentionBlock(arguments),
        "resnet_stem" => ResNetStem(arguments),
        "bottleneck" => Bottleneck(arguments),
        "bottleneck_downsample" => BottleneckDownsample(arguments),
        "convnext_block" => ConvNeXtBlock(arguments),
        _ => base.Run(method, arguments),
    };

    private Tensor AttentionBlock(object[] a)
    {
        if (a is not [Tensor x, int heads, bool causal, bool quick, Tensor ln1, Tensor ln1Bias, PackedMatrix inProj, Tensor inProjBias,
            PackedMatrix outProj, Tensor outProjBias, Tensor ln2, Tensor ln2Bias, PackedMatrix fc, Tensor fcBias,
            PackedMatrix proj, Tensor projBias])
            throw Mismatch("attention_block");
        using var scope = NewDisposeScope();
        var projected = Linear(Norm(x, ln1, ln1Bias, 1e-5f), inProj, inProjBias);
        var x1 = Linear(Attention(projected, heads, causal), outProj, outProjBias, x);
        var f = Linear(Norm(x1, ln2, ln2Bias, 1e-5f), fc, fcBias, activation: quick ? Activation.Silu : Activation.Gelu);
        return Linear(f, proj, projBias, x1).MoveToOuterDisposeScope();
    }

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
        if (a is not [Tensor x, PackedMatrix conv1, Tensor conv1Bias, var conv2, Tensor conv2Bias, PackedMatrix conv3, Tensor conv3Bias])
            throw Mismatch("bottleneck");
        using var scope = NewDisposeScope();
        var y = Conv3x3(Linear(x, conv1, conv1Bias, activation: Activation.Relu), conv2, conv2Bias);
        return Linear(y, conv3, conv3Bias, x, activation: Activation.Relu).MoveToOuterDisposeScope();
    }

    private Tensor BottleneckDownsample(object[] a)
    {
        if (a is not [Tensor x, int stride, PackedMatrix conv1, Tensor conv1Bias, var conv2, Tensor conv2Bias,
            PackedMatrix conv3, Tensor conv3Bias, PackedMatrix downsample, Tensor downsampleBias])
            throw Mismatch("bottleneck_downsample");
        using var scope = NewDisposeScope();
        var y = Conv3x3(Linear(x, conv1, conv1Bias, activation: Activation.Relu), conv2, conv2Bias);
        var identity = Linear(base.Run("anti_alias", x, stride), downsample, downsampleBias);
        return Linear(base.Run("anti_alias", y, stride), conv3, conv3Bias, identity, activation: Activation.Relu).MoveToOuterDisposeScope();
    }

    private Tensor ConvNeXtBlock(object[] a)
    {
        if (a is not [Tensor x, Tensor dwconv, Tensor dwconvBias, Tensor norm, Tensor normBias, PackedMatrix pwconv1, Tensor pwconv1Bias,
            Tensor gamma, PackedMatrix pwconv2, Tensor pwconv2Bias])
            throw Mismatch("convnext_block");
        using var scope = NewDisposeScope();
        var h = base.Run("depthwise_norm", x, dwconv, dwconvBias, norm, normBias);
        var f = Linear(h, pwconv1, pwconv1Bias, activation: Activation.Gelu);
        fixed (byte* values = f.bytes, gammas = gamma.bytes)
            ResponseNorm.Apply((float*)values, (float*)gammas, (int)f.shape[0], (int)(f.shape[1] * f.shape[2]), (int)f.shape[3]);
        return Linear(f, pwconv2, pwconv2Bias, x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    private Tensor Conv3x3(Tensor x, object conv, Tensor bias) =>
        conv is WinogradConvolution winograd ? winograd.Run(x.contiguous(), bias) : base.Run("conv3x3_relu", x, conv, bias);

    /// <summary>activation(x W^T + bias + residual); belongs to the dispose scope.</summary>
    internal static Tensor Linear(Tensor x, PackedMatrix weights, Tensor bias, Tensor? residual = null, Activation activation = Activation.None)
    {
        var dense = x.contiguous();
        var result = empty([.. x.shape[..^1], weights.Outputs]);
        var denseResidual = residual?.contiguous();
        fixed (byte* input = dense.bytes, offsets = bias.bytes, output = result.bytes)
        fixed (byte* old = denseResidual is null ? default : denseResidual.bytes)
            MatrixProduct.Run(
                (float*)input, weights, (float*)offsets, (float*)old, (float*)output, (int)(dense.numel() / weights.Inputs), activation);
        return result;
    }

    /// <summary>Layer normalisation over the last dimension, a multiple of 8; belongs to the dispose scope.</summary>
    internal static Tensor Norm(Tensor x, Tensor weight, Tensor bias, float epsilon)
    {
        var dense = x.contiguous();
        var result = empty_like(dense);
        var channels = (int)x.shape[^1];
        fixed (byte* input = dense.bytes, weights = weight.bytes, offsets = bias.bytes, output = result.bytes)
            LayerNorm.Run((float*)input, (float*)weights, (float*)offsets, (float*)output, (int)(dense.numel() / channels), channels, epsilon);
        return result;
    }

    /// <summary>Multi-head self-attention up to its output projection; belongs to the dispose scope.</summary>
    /// <param name="projected">[N, L, 3D]: queries, keys, values.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="causal">Whether a token sees only earlier ones.</param>
    /// <returns>[N, L, D]</returns>
    internal static Tensor Attention(Tensor projected, int heads, bool causal)
    {
        var (batch, length, width) = (projected.shape[0], projected.shape[1], projected.shape[2] / 3);
        var result = empty([batch, length, width]);
        fixed (byte* input = projected.bytes, output = result.bytes)
            MultiHeadAttention.Run((float*)input, (float*)output, (int)batch, (int)length, heads, (int)width / heads, causal);
        return result;
    }

    private static ArgumentException Mismatch(string method) => new($"arguments are not those of {method}");
}
