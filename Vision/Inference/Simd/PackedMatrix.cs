using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// Weights [outputs, inputs] of a linear layer in the order in which products read them: panels of outputs, zeros behind the last one.
/// For <see cref="BrgemmProduct"/> 64 outputs wide, float32 [panels][inputs][64] or bfloat16 [panels][inputs / 2][64][2]; for
/// <see cref="MatrixProduct"/> float32 [panels][inputs][16].
/// </summary>
internal sealed unsafe class PackedMatrix : IDisposable
{
    private const int CacheLine = 64;

    /// <param name="weight">[outputs, inputs], float32 or (see <see cref="Supports"/>) bfloat16; its owner's.</param>
    public PackedMatrix(Tensor weight) : this(weight, Brgemm.IsSupported)
    {
    }

    /// <summary>For products of one kind; those of bfloat16 are brgemm's.</summary>
    internal PackedMatrix(Tensor weight, bool isForBrgemm)
    {
        (Outputs, Inputs) = ((int)weight.shape[0], (int)weight.shape[1]);
        IsForBrgemm = isForBrgemm;
        var panel = IsForBrgemm ? Brgemm.Panel : RowKernel.Panel;
        Panels = (Outputs + panel - 1) / panel;
        using var scope = NewDisposeScope();
        var panels = nn.functional.pad(weight, [0, 0, 0, Panels * panel - Outputs]);
        var packed = weight.dtype == ScalarType.BFloat16
            ? panels.view(Panels, panel, Inputs / 2, 2).transpose(1, 2).contiguous()
            : panels.view(Panels, panel, Inputs).transpose(1, 2).contiguous();
        var bytes = packed.bytes;
        Values = NativeMemory.AlignedAlloc((nuint)bytes.Length, CacheLine);
        bytes.CopyTo(new Span<byte>(Values, bytes.Length));
    }

    ~PackedMatrix() => Free();

    public int Outputs { get; }

    public int Inputs { get; }

    public int Panels { get; }

    public bool IsForBrgemm { get; }

    public void* Values { get; private set; }

    /// <summary>Whether products of such weights are computed here.</summary>
    public static bool Supports(Tensor weight) =>
        weight.dtype == ScalarType.Float32 || (weight.dtype == ScalarType.BFloat16 && Brgemm.IsSupported && weight.shape[1] % 2 == 0);

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(Values);
        Values = null;
    }
}
