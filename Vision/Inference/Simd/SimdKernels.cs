using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// The blocks of Scripts/blocks.py with our own attention, norms and activations, in float32 and bfloat16 on the CPU. float32 has our
/// Winograd convolutions and, if told so, our products; the other products and convolutions and all outside blocks are oneDNN's.
/// </summary>
internal sealed unsafe partial class SimdKernels(Kernels oneDnn, bool ownProducts) : Kernels(ownProducts ? "simd" : oneDnn.Name, oneDnn)
{
    private const int MostFewInputs = 256;

    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported && OpenMp.IsAvailable;

    public override IDisposable PackBlockLinear(Tensor weight) => IsOwn(weight) ? new PackedMatrix(weight) : base.PackBlockLinear(weight);

    public override IDisposable PackConv3x3(Tensor weight, int side) =>
        weight.dtype == ScalarType.Float32 && WinogradConvolution.Supports(weight.shape[0], weight.shape[1])
            ? new WinogradConvolution(weight)
            : base.PackConv3x3(weight, side);

    public override IDisposable PackDepthwise(Tensor weight, int side) =>
        DepthwiseConvolution.Supports(weight) ? new DepthwiseConvolution(weight) : base.PackDepthwise(weight, side);

    public override Tensor Run(string method, params object[] arguments) => method switch
    {
        "attention_block" => AttentionBlock(arguments),
        "convnext_block" => ConvNeXtBlock(arguments),
        "resnet_stem" when IsSingle(arguments) => ResNetStem(arguments),
        "bottleneck" when ownProducts || IsSingle(arguments) => Bottleneck(arguments),
        "bottleneck_downsample" when ownProducts || IsSingle(arguments) => BottleneckDownsample(arguments),
        _ => base.Run(method, arguments),
    };

    // Few inputs give many outputs little to do: in bfloat16 oneDNN's operators, which finish them in registers, are ahead.
    private bool IsOwn(Tensor weight) => ownProducts && PackedMatrix.Supports(weight)
        && (weight.dtype == ScalarType.Float32 || weight.shape[1] > MostFewInputs || weight.shape[0] <= weight.shape[1]);

    private Tensor AttentionBlock(object[] a)
    {
        if (a is not [Tensor x, int heads, bool causal, bool quick, Tensor ln1, Tensor ln1Bias, var inProj, Tensor inProjBias,
            var outProj, Tensor outProjBias, Tensor ln2, Tensor ln2Bias, var fc, Tensor fcBias, var proj, Tensor projBias])
            throw Mismatch("attention_block");
        using var scope = NewDisposeScope();
        var projected = Product(Norm(x, ln1, ln1Bias, 1e-5f), inProj, inProjBias);
        var x1 = Product(Attention(projected, heads, causal), outProj, outProjBias, x);
        var f = Product(Norm(x1, ln2, ln2Bias, 1e-5f), fc, fcBias, activation: quick ? Activation.Silu : Activation.Gelu);
        return Product(f, proj, projBias, x1).MoveToOuterDisposeScope();
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

    private Tensor ConvNeXtBlock(object[] a)
    {
        if (a is not [Tensor x, var dwconv, Tensor dwconvBias, Tensor norm, Tensor normBias, var pwconv1, Tensor pwconv1Bias,
            Tensor gamma, var pwconv2, Tensor pwconv2Bias])
            throw Mismatch("convnext_block");
        using var scope = NewDisposeScope();
        var residual = x.permute(0, 2, 3, 1).contiguous();
        var y = dwconv is DepthwiseConvolution depthwise
            ? depthwise.Run(residual, dwconvBias, norm, normBias, 1e-6f)
            : base.Run("depthwise_norm", x, dwconv, dwconvBias, norm, normBias);
        // Our products apply GELU; behind others it rides on the pass that measures energies.
        var isActive = pwconv1 is PackedMatrix;
        var f = Product(y, pwconv1, pwconv1Bias, activation: isActive ? Activation.Gelu : Activation.None);
        var result = pwconv2 is PackedMatrix packed
            ? Linear(f, packed, pwconv2Bias, residual, scales: ResponseScales(f, gamma, isActive))
            : Product(NormaliseResponse(f, gamma, isActive), pwconv2, pwconv2Bias, residual);
        return result.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    /// <summary>GRN, and GELU before it unless it is done, in place.</summary>
    private static Tensor NormaliseResponse(Tensor f, Tensor gamma, bool isActive)
    {
        var (images, pixels, channels) = ((int)f.shape[0], (int)(f.shape[1] * f.shape[2]), (int)f.shape[3]);
        fixed (byte* values = f.bytes, gammas = gamma.bytes)
        {
            if (f.dtype == ScalarType.BFloat16) Apply((BrainFloat*)values, (float*)gammas);
            else Apply((Float32*)values, (float*)gammas);
        }
        return f;

        void Apply<T>(T* x, float* g) where T : unmanaged, IElement<T>
        {
            if (isActive) ResponseNorm.Apply<T, Identity>(x, g, images, pixels, channels);
            else ResponseNorm.Apply<T, Gelu>(x, g, images, pixels, channels);
        }
    }

    /// <summary>GRN's factors [images, channels], for the next layer to apply; GELU in place unless it is done.</summary>
    private static Tensor ResponseScales(Tensor f, Tensor gamma, bool isActive)
    {
        var (images, pixels, channels) = ((int)f.shape[0], (int)(f.shape[1] * f.shape[2]), (int)f.shape[3]);
        var scales = empty(images, channels);
        fixed (byte* values = f.bytes, gammas = gamma.bytes, factors = scales.bytes)
        {
            if (f.dtype == ScalarType.BFloat16) Measure((BrainFloat*)values, (float*)gammas, (float*)factors);
            else Measure((Float32*)values, (float*)gammas, (float*)factors);
        }
        return scales;

        void Measure<T>(T* x, float* g, float* to) where T : unmanaged, IElement<T>
        {
            if (isActive) ResponseNorm.Measure<T, Identity>(x, g, to, images, pixels, channels);
            else ResponseNorm.Measure<T, Gelu>(x, g, to, images, pixels, channels);
        }
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
