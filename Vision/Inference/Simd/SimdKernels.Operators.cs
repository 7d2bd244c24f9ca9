using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference.Simd;

/// <content>Single operators on tensors.</content>
internal sealed unsafe partial class SimdKernels
{
    /// <summary>activation(x W^T + bias + residual) in the weights' number format; belongs to the dispose scope.</summary>
    /// <param name="x">[N, ..., inputs]</param>
    /// <param name="weights">[outputs, inputs]</param>
    /// <param name="bias">[outputs]</param>
    /// <param name="residual">[N, ..., outputs]</param>
    /// <param name="activation">What comes last.</param>
    /// <param name="scales">[N, inputs] in float32, inputs a multiple of 8: what x is multiplied with first.</param>
    internal static Tensor Linear(
        Tensor x, PackedMatrix weights, Tensor bias, Tensor? residual = null, Activation activation = Activation.None, Tensor? scales = null)
    {
        var dense = x.contiguous();
        var result = empty(x.SizesWithLast(weights.Outputs), x.dtype);
        var denseResidual = residual?.contiguous();
        var rows = (int)(dense.numel() / weights.Inputs);
        fixed (byte* input = dense.bytes, offsets = bias.bytes, output = result.bytes)
        fixed (byte* old = denseResidual is null ? default : denseResidual.bytes, factors = scales is null ? default : scales.bytes)
        {
            var rowsAScale = rows / x.Size(0);
            if (x.dtype == ScalarType.BFloat16)
                MatrixProduct.Run(
                    (BrainFloat*)input, weights, (BrainFloat*)offsets, (BrainFloat*)old, (BrainFloat*)output, rows, activation, (float*)factors, rowsAScale);
            else
                MatrixProduct.Run(
                    (Float32*)input, weights, (Float32*)offsets, (Float32*)old, (Float32*)output, rows, activation, (float*)factors, rowsAScale);
        }
        return result;
    }

    /// <summary>Layer normalisation over the last dimension, a multiple of 8, in float32 or bfloat16; belongs to the dispose scope.</summary>
    internal static Tensor Norm(Tensor x, Tensor weight, Tensor bias, float epsilon)
    {
        var dense = x.contiguous();
        var result = empty_like(dense);
        var channels = x.Size(-1);
        var rows = (int)(dense.numel() / channels);
        fixed (byte* input = dense.bytes, weights = weight.bytes, offsets = bias.bytes, output = result.bytes)
        {
            if (x.dtype == ScalarType.BFloat16)
                LayerNorm.Run((BrainFloat*)input, (BrainFloat*)weights, (BrainFloat*)offsets, (BrainFloat*)output, rows, channels, epsilon);
            else
                LayerNorm.Run((Float32*)input, (Float32*)weights, (Float32*)offsets, (Float32*)output, rows, channels, epsilon);
        }
        return result;
    }

    /// <summary>Multi-head self-attention up to its output projection, in float32 or bfloat16; belongs to the dispose scope.</summary>
    /// <param name="projected">[N, L, 3D]: queries, keys, values; D / heads a multiple of 16.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="causal">Whether a token sees only earlier ones.</param>
    /// <returns>[N, L, D]</returns>
    internal static Tensor Attention(Tensor projected, int heads, bool causal)
    {
        var (batch, length, width) = (projected.Size(0), projected.Size(1), projected.Size(2) / 3);
        var result = empty([batch, length, width], projected.dtype);
        fixed (byte* input = projected.bytes, output = result.bytes)
        {
            if (projected.dtype == ScalarType.BFloat16) Attend((BrainFloat*)input, (BrainFloat*)output);
            else Attend((Float32*)input, (Float32*)output);
        }
        return result;

        void Attend<T>(T* input, T* output) where T : unmanaged, IElement<T>
        {
            if (Brgemm.IsSupported && width / heads == BrgemmAttention.Depth) BrgemmAttention.Run(input, output, batch, length, heads, causal);
            else MultiHeadAttention.Run(input, output, batch, length, heads, width / heads, causal);
        }
    }

    /// <summary>Attention of one token a row; belongs to the dispose scope.</summary>
    /// <param name="query">[N, D]</param>
    /// <param name="x">[N, L, D], D a multiple of 8 heads.</param>
    /// <param name="last">[N] int64: the last token that each sees; null: all are seen.</param>
    /// <param name="key">[heads, D / heads, D]</param>
    /// <param name="value">[heads, D, D / heads]</param>
    /// <param name="valueBias">[D]</param>
    /// <returns>[N, D]</returns>
    internal static Tensor SingleQuery(Tensor query, Tensor x, Tensor? last, Tensor key, Tensor value, Tensor valueBias)
    {
        var (batch, length, width) = (x.Size(0), x.Size(1), x.Size(2));
        var (dense, denseLast, heads) = (x.contiguous(), last?.contiguous(), key.Size(0));
        var result = empty_like(query);
        fixed (byte* asked = query.bytes, tokens = dense.bytes, keys = key.bytes, values = value.bytes, shift = valueBias.bytes, output = result.bytes)
        fixed (byte* ends = denseLast is null ? default : denseLast.bytes)
        {
            if (x.dtype == ScalarType.BFloat16)
                SingleQueryAttention.Run(
                    (BrainFloat*)asked, (BrainFloat*)tokens, (long*)ends, (BrainFloat*)keys, (BrainFloat*)values, (BrainFloat*)shift,
                    (BrainFloat*)output, batch, length, heads, width);
            else
                SingleQueryAttention.Run(
                    (Float32*)asked, (Float32*)tokens, (long*)ends, (Float32*)keys, (Float32*)values, (Float32*)shift, (Float32*)output,
                    batch, length, heads, width);
        }
        return result;
    }
}
