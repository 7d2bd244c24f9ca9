using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>The matrices of a snapshot in the one order that digests and deltas know.</summary>
internal static class SnapshotMatrices
{
    /// <summary>A matrix and what its rows are of.</summary>
    /// <param name="Bytes">Row-major.</param>
    /// <param name="RowBytes">Bytes of a row.</param>
    /// <param name="Rows">Class position of each row.</param>
    public readonly record struct Matrix(MatrixBytes Bytes, int RowBytes, int[] Rows);

    public static Matrix[] Of(EncoderHead head, int classes)
    {
        var row = head.Dimension * sizeof(float);
        return
        [
            new(head.TextProxies, row, [.. Enumerable.Range(0, classes)]),
            new(head.Proxies, row, head.FittedClasses),
            new(head.GateProxies, row, head.GateClasses),
            new(head.ProbeWeights, row, head.ProbeClasses),
            new(head.ProbeBias, sizeof(float), head.ProbeClasses),
            new(head.ProbeAlpha, sizeof(float), head.ProbeClasses),
        ];
    }

    public static EncoderHead With(EncoderHead head, IReadOnlyList<MatrixBytes> matrices) => head with
    {
        TextProxies = matrices[0],
        Proxies = matrices[1],
        GateProxies = matrices[2],
        ProbeWeights = matrices[3],
        ProbeBias = matrices[4],
        ProbeAlpha = matrices[5],
    };

    public static Matrix[] Of(RefinerHead? head) => head is null
        ? []
        : [new(head.Weights, head.Dimension * sizeof(float), head.Classes), new(head.Bias, sizeof(float), head.Classes)];

    public static RefinerHead? With(RefinerHead? head, IReadOnlyList<MatrixBytes> matrices) =>
        head is null ? null : head with { Weights = matrices[0], Bias = matrices[1] };
}
