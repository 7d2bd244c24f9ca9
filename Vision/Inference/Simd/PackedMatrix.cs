using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// Weights [outputs, inputs] of a linear layer in the order in which products read them: panels of outputs, zeros behind the last one.
/// float32 for <see cref="RowKernel"/> [panels][inputs][panel], bfloat16 for <see cref="Brgemm"/> [panels][inputs / 2][panel][2].
/// </summary>
internal sealed unsafe class PackedMatrix : IDisposable
{
    private readonly WeightMemory memory;

    /// <param name="weight">[outputs, inputs], float32 or (see <see cref="Supports"/>) bfloat16; its owner's.</param>
    public PackedMatrix(Tensor weight)
    {
        (Outputs, Inputs) = ((int)weight.shape[0], (int)weight.shape[1]);
        Panel = weight.dtype == ScalarType.BFloat16 ? Brgemm.Panel : RowKernel.Panel;
        Panels = (Outputs + Panel - 1) / Panel;
        using var scope = NewDisposeScope();
        var panels = nn.functional.pad(weight, [0, 0, 0, Panels * Panel - Outputs]);
        memory = new WeightMemory(weight.dtype == ScalarType.BFloat16
            ? panels.view(Panels, Panel, Inputs / 2, 2).transpose(1, 2)
            : panels.view(Panels, Panel, Inputs).transpose(1, 2));
    }

    public int Outputs { get; }

    public int Inputs { get; }

    public int Panels { get; }

    /// <summary>Outputs of a panel.</summary>
    public int Panel { get; }

    public void* Values => memory.Values;

    /// <summary>Whether products of such weights are computed here.</summary>
    public static bool Supports(Tensor weight) =>
        weight.dtype == ScalarType.Float32 || (weight.dtype == ScalarType.BFloat16 && Brgemm.IsSupported && weight.shape[1] % 2 == 0);

    public void Dispose() => memory.Dispose();
}
