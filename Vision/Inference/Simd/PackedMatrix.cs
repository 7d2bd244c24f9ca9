using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// Weights [outputs, inputs] of a linear layer as panels of 16 outputs: [outputs / 16][inputs][16], float32, zeros behind the last
/// output. The order in which <see cref="MatrixProduct"/> reads them.
/// </summary>
internal sealed unsafe class PackedMatrix : IDisposable
{
    public const int Panel = 16;
    private const int CacheLine = 64;

    public PackedMatrix(Tensor weight) : this(weight.shape[0], weight.shape[1]) => Fill(weight);

    private PackedMatrix(long outputs, long inputs)
    {
        (Outputs, Inputs) = ((int)outputs, (int)inputs);
        Panels = (Outputs + Panel - 1) / Panel;
        Values = (float*)NativeMemory.AlignedAlloc((nuint)Panels * (nuint)Inputs * Panel * sizeof(float), CacheLine);
    }

    ~PackedMatrix() => Free();

    public int Outputs { get; }

    public int Inputs { get; }

    public int Panels { get; }

    public float* Values { get; private set; }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Fill(Tensor weight)
    {
        using var scope = NewDisposeScope();
        var padded = nn.functional.pad(weight.to(ScalarType.Float32), [0, 0, 0, Panels * Panel - Outputs]);
        var packed = padded.view(Panels, Panel, Inputs).transpose(1, 2).contiguous();
        packed.bytes.CopyTo(new Span<byte>(Values, checked(Panels * Inputs * Panel * sizeof(float))));
    }

    private void Free()
    {
        NativeMemory.AlignedFree(Values);
        Values = null;
    }
}
