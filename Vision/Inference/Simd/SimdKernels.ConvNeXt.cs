using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference.Simd;

/// <content>The blocks of ConvNeXt-V2.</content>
internal sealed unsafe partial class SimdKernels
{
    private const float ChannelEpsilon = 1e-6f;

    private Tensor ConvNeXtBlock(object[] a)
    {
        if (a is not [Tensor x, var dwconv, Tensor dwconvBias, Tensor norm, Tensor normBias, var pwconv1, Tensor pwconv1Bias,
            Tensor gamma, var pwconv2, Tensor pwconv2Bias])
            throw Mismatch("convnext_block");
        using var scope = NewDisposeScope();
        var residual = x.permute(0, 2, 3, 1).contiguous();
        var y = dwconv is DepthwiseConvolution depthwise
            ? depthwise.Run(residual, dwconvBias, norm, normBias, ChannelEpsilon)
            : base.Run("depthwise_norm", x, dwconv, dwconvBias, norm, normBias);
        // Our products apply GELU; behind others it rides on the pass that measures energies.
        var isActive = pwconv1 is PackedMatrix;
        var f = Product(y, pwconv1, pwconv1Bias, activation: isActive ? Activation.Gelu : Activation.None);
        var result = pwconv2 is PackedMatrix packed
            ? Linear(f, packed, pwconv2Bias, residual, scales: ResponseScales(f, gamma, isActive))
            : Product(NormaliseResponse(f, gamma), pwconv2, pwconv2Bias, residual);
        return result.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    private Tensor ConvNeXtStem(object[] a)
    {
        if (a is not [Tensor x, PackedMatrix conv, Tensor bias, Tensor norm, Tensor normBias]) return base.Run("convnext_stem", a);
        using var scope = NewDisposeScope();
        var y = Linear(PatchRows(x, Side(conv, x.Size(1))), conv, bias);
        return Norm(y, norm, normBias, ChannelEpsilon).permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    private Tensor ConvNeXtDownsample(object[] a)
    {
        if (a is not [Tensor x, Tensor norm, Tensor normBias, PackedMatrix conv, Tensor bias]) return base.Run("convnext_downsample", a);
        using var scope = NewDisposeScope();
        return Linear(PatchRows(x, Side(conv, x.Size(1)), norm, normBias), conv, bias).permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    // Of a square patch with so many channels.
    private static int Side(PackedMatrix conv, int channels) => (int)Math.Sqrt(conv.Inputs / channels);

    /// <summary>[N, C, H, W], channels last -> [N, H / side, W / side, side * side * C], each pixel normed if there is a norm.</summary>
    private static Tensor PatchRows(Tensor x, int side, Tensor? norm = null, Tensor? normBias = null)
    {
        var pixels = x.permute(0, 2, 3, 1).contiguous();
        var (images, height, width, channels) = (pixels.Size(0), pixels.Size(1), pixels.Size(2), pixels.Size(3));
        var result = empty([images, height / side, width / side, side * side * channels], x.dtype);
        fixed (byte* input = pixels.bytes, output = result.bytes)
        fixed (byte* scales = norm is null ? default : norm.bytes, shifts = normBias is null ? default : normBias.bytes)
        {
            if (x.dtype == ScalarType.BFloat16)
                Patches.Order(
                    (BrainFloat*)input, (BrainFloat*)scales, (BrainFloat*)shifts, ChannelEpsilon, (BrainFloat*)output, images, height, width, channels, side);
            else
                Patches.Order((Float32*)input, (Float32*)scales, (Float32*)shifts, ChannelEpsilon, (Float32*)output, images, height, width, channels, side);
        }
        return result;
    }

    /// <summary>GELU and GRN in place: between two layers that are not ours.</summary>
    private static Tensor NormaliseResponse(Tensor f, Tensor gamma)
    {
        var (images, pixels, channels) = (f.Size(0), f.Size(1) * f.Size(2), f.Size(3));
        fixed (byte* values = f.bytes, gammas = gamma.bytes)
        {
            if (f.dtype == ScalarType.BFloat16) ResponseNorm.Apply<BrainFloat, Gelu>((BrainFloat*)values, (float*)gammas, images, pixels, channels);
            else ResponseNorm.Apply<Float32, Gelu>((Float32*)values, (float*)gammas, images, pixels, channels);
        }
        return f;
    }

    /// <summary>GRN's factors [images, channels], for the next layer to apply; GELU in place unless it is done.</summary>
    private static Tensor ResponseScales(Tensor f, Tensor gamma, bool isActive)
    {
        var (images, pixels, channels) = (f.Size(0), f.Size(1) * f.Size(2), f.Size(3));
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
}
