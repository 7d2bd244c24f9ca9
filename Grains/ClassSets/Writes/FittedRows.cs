using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>What was fitted, without the rows of some classes and with the places that the others have now.</summary>
/// <remarks>Proxies, probe weights and the refiner's head score classes independently: the rows that stay are as valid as before.</remarks>
internal static class FittedRows
{
    /// <summary>The encoder's fitted matrices; its text proxies stay as they are.</summary>
    /// <param name="encoder">The encoder.</param>
    /// <param name="map">New position of each class; negative: its rows go.</param>
    /// <param name="blocks">Gets the new blocks.</param>
    public static EncoderState Cut(EncoderState encoder, int[] map, List<Block> blocks)
    {
        var (fitted, gate, probe) = (Kept(encoder.FittedClasses, map), Kept(encoder.GateClasses, map), Kept(encoder.ProbeClasses, map));
        var row = encoder.Info.Dimension * sizeof(float);
        return encoder with
        {
            FittedClasses = Mapped(encoder.FittedClasses, map),
            Proxies = Rows(encoder.Proxies, row, fitted, blocks),
            GateClasses = Mapped(encoder.GateClasses, map),
            GateProxies = Rows(encoder.GateProxies, row, gate, blocks),
            ProbeClasses = Mapped(encoder.ProbeClasses, map),
            ProbeWeights = Rows(encoder.ProbeWeights, row, probe, blocks),
            ProbeBias = Rows(encoder.ProbeBias, sizeof(float), probe, blocks),
            ProbeAlpha = Rows(encoder.ProbeAlpha, sizeof(float), probe, blocks),
        };
    }

    /// <summary>The refiner's head; null where fewer than two classes are left to decide between.</summary>
    public static RefinerState? Cut(RefinerState? refiner, int[] map, List<Block> blocks)
    {
        if (refiner is null) return null;
        var kept = Kept(refiner.Classes, map);
        if (kept.Length < 2) return null;
        return refiner with
        {
            Classes = Mapped(refiner.Classes, map),
            Weights = Rows(refiner.Weights, refiner.Backbone.Dimension * sizeof(float), kept, blocks),
            Bias = Rows(refiner.Bias, sizeof(float), kept, blocks),
        };
    }

    /// <summary>Some rows of a matrix in memory; the same one where all are kept.</summary>
    public static StoredBytes Rows(StoredBytes matrix, int rowBytes, int[] kept, List<Block> blocks)
    {
        if (kept.Length == matrix.Payload.Length / rowBytes) return matrix;
        var rows = new byte[kept.Length * rowBytes];
        for (var i = 0; i < kept.Length; i++) matrix.Bytes!.Span.Slice(kept[i] * rowBytes, rowBytes).CopyTo(rows.AsSpan(i * rowBytes));
        return StoredBytes.New(rows, blocks);
    }

    private static int[] Kept(int[] classes, int[] map) => [.. Enumerable.Range(0, classes.Length).Where(row => map[classes[row]] >= 0)];

    private static int[] Mapped(int[] classes, int[] map) => [.. classes.Select(position => map[position]).Where(position => position >= 0)];
}
