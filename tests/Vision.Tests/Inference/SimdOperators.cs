using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Inference;
using FewShotCluster.Vision.Inference.Simd;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Tests.Inference;

/// <summary>Each of our own kernels against torch's operator, at sizes that leave remainders of every block.</summary>
public class SimdOperators
{
    public SimdOperators()
    {
        manual_seed(11);
        Assert.SkipUnless(SimdKernels.IsSupported, "this processor has no AVX2, or this libtorch no GNU OpenMP");
    }

    [Fact]
    public void Exponential_and_activations_of_eight() => ExponentialAndActivations<Lanes8>();

    [Fact]
    public void Exponential_and_activations_of_sixteen()
    {
        Assert.SkipUnless(CpuFeatures.HasAvx512, "this processor has no AVX-512");
        ExponentialAndActivations<Lanes16>();
    }

    private static void ExponentialAndActivations<T>() where T : struct, ILanes<T>
    {
        for (var x = -86f; x < 86; x += 0.0625f)
        {
            var exact = Math.Exp(x);
            Assert.Equal(1, First(VectorMath.Exp(T.Create(x))) / exact, 3e-7);
            Assert.Equal(x / (1 + Math.Exp(-x)), First(VectorMath.Silu(T.Create(x))), 3e-7 * Math.Max(1, Math.Abs(x)));
        }
        using var scope = NewDisposeScope();
        var values = linspace(-12, 12, 4001);
        var gelu = nn.functional.gelu(values.to(ScalarType.Float64)).data<double>().ToArray();
        foreach (var (x, expected) in values.data<float>().ToArray().Zip(gelu))
            Assert.Equal(expected, First(VectorMath.Gelu(T.Create(x))), 4e-7 * Math.Max(1, Math.Abs(x)));

        Assert.InRange(First(VectorMath.Exp(T.Create(float.NegativeInfinity))), 0, 1e-36f);
        Assert.Equal(float.NaN, First(VectorMath.Exp(T.Create(float.NaN))));
        Assert.InRange(First(VectorMath.Gelu(T.Create(-200f))), -1e-36f, 0);
        Assert.Equal(200, First(VectorMath.Gelu(T.Create(200f))));
        Assert.Equal(float.NaN, First(VectorMath.Silu(T.Create(float.NaN))));
        Assert.Equal(float.NaN, First(VectorMath.Gelu(T.Create(float.NaN))));
        Assert.Equal(float.NaN, First(Relu.Apply(T.Create(float.NaN))));
    }

    [Theory]
    [InlineData(1, 16, 16)]
    [InlineData(7, 70, 33)]
    [InlineData(97, 300, 40)]
    [InlineData(196, 1100, 64)]  // two outer depths, three blocks of rows
    [InlineData(500, 64, 128)]
    [InlineData(33, 3000, 70)]   // two parts of the inputs
    public void Linear_layers_with_each_activation(int rows, int inputs, int outputs)
    {
        using var scope = NewDisposeScope();
        var (x, weight, bias, residual) = (randn(rows, inputs), randn(outputs, inputs), randn(outputs), randn(rows, outputs));
        var exact = x.to(ScalarType.Float64).matmul(weight.to(ScalarType.Float64).t()) + bias;
        var tolerance = 2e-6 * Math.Sqrt(inputs) * 4;
        using var packed = new PackedMatrix(weight);
        Golden.Close(exact.to(ScalarType.Float32), SimdKernels.Linear(x, packed, bias), tolerance);
        Golden.Close((exact + residual).relu().to(ScalarType.Float32), SimdKernels.Linear(x, packed, bias, residual, Activation.Relu), tolerance);
        Golden.Close(nn.functional.silu(exact).to(ScalarType.Float32), SimdKernels.Linear(x, packed, bias, activation: Activation.Silu), tolerance);
        Golden.Close(nn.functional.gelu(exact).to(ScalarType.Float32), SimdKernels.Linear(x, packed, bias, activation: Activation.Gelu), tolerance);
    }

    [Theory]
    [InlineData(1, 16, 16)]
    [InlineData(7, 70, 33)]
    [InlineData(3, 2048, 130)]   // whole pages apart, too few to be copied
    [InlineData(97, 2048, 40)]   // copied
    [InlineData(150, 5000, 70)]  // three parts of the inputs, blocks that overlap
    public void Linear_layers_in_bfloat16(int rows, int inputs, int outputs)
    {
        Assert.SkipUnless(Brgemm.IsSupported, "this processor has no bfloat16, or this libtorch no brgemm");
        using var scope = NewDisposeScope();
        var (x, weight) = (Brain(randn(2, rows, inputs)), Brain(randn(outputs, inputs) / Math.Sqrt(inputs)));
        var (bias, residual, scales) = (Brain(randn(outputs)), Brain(randn(2, rows, outputs)), randn(2, 1, inputs));
        using var packed = new PackedMatrix(weight);
        var exact = Single(x).matmul(Single(weight).t()) + Single(bias);
        Close(exact, SimdKernels.Linear(x, packed, bias));
        Close((exact + Single(residual)).relu(), SimdKernels.Linear(x, packed, bias, residual, Activation.Relu));
        Close(nn.functional.gelu(exact), SimdKernels.Linear(x, packed, bias, activation: Activation.Gelu));
        if (inputs % Lanes16.Count != 0) return;
        Close(
            Single(Brain(Single(x) * scales)).matmul(Single(weight).t()) + Single(bias) + Single(residual),
            SimdKernels.Linear(x, packed, bias, residual, scales: scales.squeeze(1).contiguous()));

        // Half a step of the rounded result.
        static void Close(Tensor expected, Tensor actual) => Golden.Close(expected, Single(actual), 2e-3, rtol: 4e-3);
    }

    [Theory]
    [InlineData(1, 7, 7, 64)]
    [InlineData(3, 2, 1, 8)]      // smaller than the window
    [InlineData(2, 23, 9, 24)]    // eight channels at a time; a tile's columns are no whole sevens
    [InlineData(1, 16, 61, 32)]   // several tiles either way
    public void Depthwise_convolutions_with_their_norm(int images, int height, int width, int channels)
    {
        using var scope = NewDisposeScope();
        var (x, weight, bias) = (randn(images, height, width, channels), randn(channels, 1, 7, 7), randn(channels));
        var (norm, normBias) = (randn(channels), randn(channels));
        Golden.Close(Expected(x, weight, bias, norm, normBias), Run(x, weight, bias, norm, normBias), 2e-5);
        var (a, b, c, d, e) = (Brain(x), Brain(weight), Brain(bias), Brain(norm), Brain(normBias));
        Golden.Close(Expected(Single(a), Single(b), Single(c), Single(d), Single(e)), Single(Run(a, b, c, d, e)), 2e-3, rtol: 4e-3);

        static Tensor Run(Tensor x, Tensor weight, Tensor bias, Tensor norm, Tensor normBias)
        {
            using var convolution = new DepthwiseConvolution(weight);
            return convolution.Run(x, bias, norm, normBias, 1e-6f);
        }

        static Tensor Expected(Tensor x, Tensor weight, Tensor bias, Tensor norm, Tensor normBias)
        {
            var exact = nn.functional.conv2d(
                x.to(ScalarType.Float64).permute(0, 3, 1, 2), weight.to(ScalarType.Float64), bias.to(ScalarType.Float64),
                padding: [3, 3], groups: weight.shape[0]).permute(0, 2, 3, 1);
            return nn.functional.layer_norm(
                exact, [weight.shape[0]], norm.to(ScalarType.Float64), normBias.to(ScalarType.Float64), 1e-6).to(ScalarType.Float32);
        }
    }

    [Theory]
    [InlineData(1, 8, 8, 16, 24)]
    [InlineData(3, 7, 11, 8, 40)]   // a row and a column that fill no patch
    public void Convolutions_of_patches_behind_a_norm(int images, int height, int width, int inputs, int outputs)
    {
        using var scope = NewDisposeScope();
        var (x, weight, bias) = (randn(images, inputs, height, width), randn(outputs, inputs, 2, 2), randn(outputs));
        var (norm, normBias) = (randn(inputs), randn(inputs));
        Golden.Close(Expected(x, norm, normBias, weight, bias), Run(x, norm, normBias, weight, bias), 2e-5);
        if (!Brgemm.IsSupported) return;
        var (a, b, c, d, e) = (Brain(x), Brain(norm), Brain(normBias), Brain(weight), Brain(bias));
        Golden.Close(Expected(Single(a), Single(b), Single(c), Single(d), Single(e)), Single(Run(a, b, c, d, e)), 5e-2, rtol: 1e-2);

        static Tensor Run(Tensor x, Tensor norm, Tensor normBias, Tensor weight, Tensor bias)
        {
            using var packed = Assert.IsType<PackedMatrix>(Kernels.Simd!.PackPatchConv(weight, side: 8));
            return Kernels.Simd.Run("convnext_downsample", Kernels.ChannelsLast(x), norm, normBias, packed, bias);
        }

        static Tensor Expected(Tensor x, Tensor norm, Tensor normBias, Tensor weight, Tensor bias)
        {
            var pixels = nn.functional.layer_norm(
                x.to(ScalarType.Float64).permute(0, 2, 3, 1), [x.shape[1]], norm.to(ScalarType.Float64), normBias.to(ScalarType.Float64), 1e-6);
            return nn.functional.conv2d(
                pixels.permute(0, 3, 1, 2), weight.to(ScalarType.Float64), bias.to(ScalarType.Float64), strides: [2, 2]).to(ScalarType.Float32);
        }
    }

    [Theory]
    [InlineData(1, 12, 8, 64)]
    [InlineData(5, 77, 2, 80)]
    [InlineData(3, 50, 3, 8)]    // eight channels at a time; rows of no whole fours
    public void Attention_of_one_token(int rows, int length, int heads, int depth)
    {
        using var scope = NewDisposeScope();
        var width = heads * depth;
        var (query, x, shift) = (randn(rows, width), randn(rows, length, width), randn(width));
        var (key, value) = (randn(heads, depth, width) / Math.Sqrt(width), randn(heads, width, depth) / Math.Sqrt(width));
        var last = randint(0, length, [rows], ScalarType.Int64);
        Golden.Close(Expected(query, x, last, key, value, shift), SimdKernels.SingleQuery(query, x, last, key, value, shift), 2e-5);
        Golden.Close(Expected(query, x, null, key, value, shift), SimdKernels.SingleQuery(query, x, null, key, value, shift), 2e-5);
        var (a, b, c, d, e) = (Brain(query), Brain(x), Brain(key), Brain(value), Brain(shift));
        Golden.Close(
            Expected(Single(a), Single(b), last, Single(c), Single(d), Single(e)), Single(SimdKernels.SingleQuery(a, b, last, c, d, e)), 2e-3, rtol: 4e-3);

        Tensor Expected(Tensor query, Tensor x, Tensor? last, Tensor key, Tensor value, Tensor shift)
        {
            var tokens = x.to(ScalarType.Float64);
            var q = query.to(ScalarType.Float64).view(rows, heads, 1, depth);
            var keys = tokens.unsqueeze(1).matmul(key.to(ScalarType.Float64).transpose(1, 2));   // [rows, heads, length, depth]
            var values = tokens.unsqueeze(1).matmul(value.to(ScalarType.Float64));
            var scores = q.matmul(keys.transpose(2, 3)) / Math.Sqrt(depth);
            if (last is not null) scores = scores.masked_fill(arange(length).view(1, 1, 1, length) > last.view(rows, 1, 1, 1), double.NegativeInfinity);
            return (scores.softmax(-1).matmul(values).view(rows, width) + shift.to(ScalarType.Float64)).to(ScalarType.Float32);
        }
    }

    [Theory]
    [InlineData(1, 7, 7, 64, 96)]     // few tiles: threads share them
    [InlineData(2, 13, 20, 16, 80)]   // the last panel is not whole
    [InlineData(3, 30, 31, 48, 32)]   // several blocks of tiles
    [InlineData(1, 1, 1, 16, 16)]
    public void Convolutions_of_three_by_three(int images, int height, int width, int inputs, int outputs)
    {
        using var scope = NewDisposeScope();
        var (x, weight, bias) = (randn(images, height, width, inputs), randn(outputs, inputs, 3, 3), randn(outputs));
        var expected = nn.functional.conv2d(
            x.to(ScalarType.Float64).permute(0, 3, 1, 2), weight.to(ScalarType.Float64), bias.to(ScalarType.Float64), padding: [1, 1]);
        using var convolution = new WinogradConvolution(weight);
        Golden.Close(expected.relu().permute(0, 2, 3, 1).to(ScalarType.Float32), convolution.Run(x, bias), 2e-5 * Math.Sqrt(inputs));
    }

    [Theory]
    [InlineData(1, 9, 64)]
    [InlineData(2, 13, 40)]
    public void Linear_layers_that_scale_their_inputs(int images, int pixels, int inputs)
    {
        using var scope = NewDisposeScope();
        var (x, weight, bias, scales) = (randn(images, pixels, inputs), randn(70, inputs), randn(70), randn(images, inputs));
        using var packed = new PackedMatrix(weight);
        Golden.Close((x * scales.unsqueeze(1)).matmul(weight.t()) + bias, SimdKernels.Linear(x, packed, bias, scales: scales), 1e-4);
    }

    [Fact]
    public void Bfloat16_is_read_and_rounded_as_torch_does()
    {
        using var scope = NewDisposeScope();
        var values = cat([randn(4096), tensor(new[] { 0f, -0f, 1.00390625f, 1.01171875f, float.PositiveInfinity, 1e38f, -3e-39f, 2f })]);
        var expected = values.to(ScalarType.BFloat16);
        AssertRounded<Lanes8>(values, expected);
        if (CpuFeatures.HasAvx512) AssertRounded<Lanes16>(values[..4096], expected[..4096]);
    }

    [Theory]
    [InlineData(1, 64)]
    [InlineData(9, 768)]
    [InlineData(5, 24)]
    public void Layer_norms(int rows, int channels)
    {
        using var scope = NewDisposeScope();
        var (x, weight, bias) = (randn(2, rows, channels) * 3 + 5, randn(channels), randn(channels));
        Golden.Close(nn.functional.layer_norm(x, [channels], weight, bias, 1e-5), SimdKernels.Norm(x, weight, bias, 1e-5f), 1e-5);
        var (half, halfWeight, halfBias) = (Brain(x), Brain(weight), Brain(bias));
        Golden.Close(
            nn.functional.layer_norm(Single(half), [channels], Single(halfWeight), Single(halfBias), 1e-5),
            Single(SimdKernels.Norm(half, halfWeight, halfBias, 1e-5f)), 0.04);
    }

    [Theory]
    [InlineData(1, true, 64)]
    [InlineData(12, true, 64)]
    [InlineData(77, true, 64)]
    [InlineData(50, false, 64)]
    [InlineData(257, false, 64)]
    [InlineData(50, false, 80)]
    [InlineData(9, true, 16)]
    public void Attention_of_each_head(int length, bool causal, int depth)
    {
        const int heads = 3;
        using var scope = NewDisposeScope();
        var projected = randn(2, length, 3 * heads * depth) * 2;
        var split = projected.view(2, length, 3, heads, depth).permute(2, 0, 3, 1, 4);
        var expected = nn.functional.scaled_dot_product_attention(split[0], split[1], split[2], is_casual: causal)
            .transpose(1, 2).reshape(2, length, heads * depth);
        Golden.Close(expected, SimdKernels.Attention(projected, heads, causal), 1e-5);
        var half = Brain(projected);
        // The shares are rounded too, before values of up to eight.
        Golden.Close(SimdKernels.Attention(Single(half), heads, causal), Single(SimdKernels.Attention(half, heads, causal)), 0.03, rtol: 0.008);
    }

    [Theory]
    [InlineData(1, 9, 64)]
    [InlineData(3, 70, 40)]
    public void Response_norms_after_gelu(int images, int pixels, int channels)
    {
        using var scope = NewDisposeScope();
        var (x, gamma) = (randn(images, pixels, channels), randn(channels));
        var active = nn.functional.gelu(x);
        var energy = active.norm(1, keepdim: true);
        var expected = active * (gamma * (energy / (energy.mean([-1L], keepdim: true) + 1e-6)) + 1);
        var half = Brain(x);
        ApplyResponseNorm<Float32>(x, gamma, images, pixels, channels);
        Golden.Close(expected, x, 1e-5);
        ApplyResponseNorm<BrainFloat>(half, gamma, images, pixels, channels);
        Golden.Close(expected, Single(half), 0.1);
    }

    private static unsafe void ApplyResponseNorm<T>(Tensor x, Tensor gamma, int images, int pixels, int channels)
        where T : unmanaged, IElement<T>
    {
        fixed (byte* values = x.bytes, gammas = gamma.bytes)
            ResponseNorm.Apply<T, Gelu>((T*)values, (float*)gammas, images, pixels, channels);
    }

    private static unsafe void AssertRounded<T>(Tensor values, Tensor expected) where T : struct, ILanes<T>
    {
        var rounded = empty_like(expected);
        var widened = empty_like(values);
        fixed (byte* from = values.bytes, to = rounded.bytes, back = widened.bytes)
        {
            for (var i = 0; i < values.numel(); i += T.Count) T.Load((float*)from + i).Store((BrainFloat*)to + i);
            for (var i = 0; i < values.numel(); i += T.Count) T.Load((BrainFloat*)to + i).Store((float*)back + i);
        }
        Assert.Equal(expected.bytes.ToArray(), rounded.bytes.ToArray());
        Assert.Equal(Single(expected).bytes.ToArray(), widened.bytes.ToArray());
    }

    private static unsafe float First<T>(T lanes) where T : struct, ILanes<T>
    {
        var numbers = stackalloc float[T.Count];
        lanes.Store(numbers);
        return numbers[0];
    }

    private static Tensor Brain(Tensor x) => x.to(ScalarType.BFloat16);

    private static Tensor Single(Tensor x) => x.to(ScalarType.Float32);
}
