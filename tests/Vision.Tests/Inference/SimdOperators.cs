using System.Runtime.Intrinsics;
using FewShotCluster.TestSupport;
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
    public void Exponential_and_activations_to_the_last_bits()
    {
        for (var x = -86f; x < 86; x += 0.0625f)
        {
            var exact = Math.Exp(x);
            Assert.Equal(1, VectorMath.Exp(Vector256.Create(x)).ToScalar() / exact, 3e-7);
            Assert.Equal(x / (1 + Math.Exp(-x)), VectorMath.Silu(Vector256.Create(x)).ToScalar(), 3e-7 * Math.Max(1, Math.Abs(x)));
        }
        using var scope = NewDisposeScope();
        var values = linspace(-12, 12, 4001);
        var gelu = nn.functional.gelu(values.to(ScalarType.Float64)).data<double>().ToArray();
        foreach (var (x, expected) in values.data<float>().ToArray().Zip(gelu))
            Assert.Equal(expected, VectorMath.Gelu(Vector256.Create(x)).ToScalar(), 4e-7 * Math.Max(1, Math.Abs(x)));
    }

    [Fact]
    public void Exponential_of_what_is_out_of_range_is_finite_and_not_a_number_stays_one()
    {
        Assert.InRange(VectorMath.Exp(Vector256.Create(float.NegativeInfinity)).ToScalar(), 0, 1e-36f);
        Assert.Equal(float.NaN, VectorMath.Exp(Vector256.Create(float.NaN)).ToScalar());
        Assert.InRange(VectorMath.Gelu(Vector256.Create(-200f)).ToScalar(), -1e-36f, 0);
        Assert.Equal(200, VectorMath.Gelu(Vector256.Create(200f)).ToScalar());
        Assert.Equal(float.NaN, VectorMath.Silu(Vector256.Create(float.NaN)).ToScalar());
        Assert.Equal(float.NaN, VectorMath.Gelu(Vector256.Create(float.NaN)).ToScalar());
    }

    [Theory]
    [InlineData(1, 16, 16)]
    [InlineData(7, 70, 33)]
    [InlineData(97, 300, 40)]
    [InlineData(196, 1100, 64)]  // two outer depths, three blocks of rows
    [InlineData(500, 64, 128)]
    public void Linear_layers_with_each_activation(int rows, int inputs, int outputs)
    {
        using var scope = NewDisposeScope();
        var (x, weight, bias, residual) = (randn(rows, inputs), randn(outputs, inputs), randn(outputs), randn(rows, outputs));
        using var packed = new PackedMatrix(weight);
        var exact = x.to(ScalarType.Float64).matmul(weight.to(ScalarType.Float64).t()) + bias;
        var tolerance = 2e-6 * Math.Sqrt(inputs) * 4;
        Golden.Close(exact.to(ScalarType.Float32), SimdKernels.Linear(x, packed, bias), tolerance);
        Golden.Close((exact + residual).relu().to(ScalarType.Float32), SimdKernels.Linear(x, packed, bias, residual, Activation.Relu), tolerance);
        Golden.Close(nn.functional.silu(exact).to(ScalarType.Float32), SimdKernels.Linear(x, packed, bias, activation: Activation.Silu), tolerance);
        Golden.Close(nn.functional.gelu(exact).to(ScalarType.Float32), SimdKernels.Linear(x, packed, bias, activation: Activation.Gelu), tolerance);
    }

    [Theory]
    [InlineData(1, 64)]
    [InlineData(9, 768)]
    public void Layer_norms(int rows, int channels)
    {
        using var scope = NewDisposeScope();
        var (x, weight, bias) = (randn(2, rows, channels) * 3 + 5, randn(channels), randn(channels));
        Golden.Close(nn.functional.layer_norm(x, [channels], weight, bias, 1e-5), SimdKernels.Norm(x, weight, bias, 1e-5f), 1e-5);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(12, true)]
    [InlineData(77, true)]
    [InlineData(50, false)]
    [InlineData(257, false)]
    public void Attention_of_each_head(int length, bool causal)
    {
        const int heads = 3, depth = 64;
        using var scope = NewDisposeScope();
        var projected = randn(2, length, 3 * heads * depth) * 2;
        var split = projected.view(2, length, 3, heads, depth).permute(2, 0, 3, 1, 4);
        var expected = nn.functional.scaled_dot_product_attention(split[0], split[1], split[2], is_casual: causal)
            .transpose(1, 2).reshape(2, length, heads * depth);
        Golden.Close(expected, SimdKernels.Attention(projected, heads, causal), 1e-5);
    }
}
