using System.Numerics.Tensors;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Devices;

namespace FewShotCluster.Grains.Classification;

/// <summary>
/// A snapshot packed for scoring. An image is one vector, the encoders' features one after the other; shares, logit scales and LP++'s
/// text term are folded into the rows, so that every fused score is one dot product (plus a bias).
/// </summary>
internal sealed class ScoringModel
{
    private readonly EncoderHead[] _encoders;

    /// <param name="snapshot">What to score with.</param>
    /// <param name="before">The model of an earlier version, whose unchanged parts become this one's; null: none is known.</param>
    public ScoringModel(ClassSetSnapshot snapshot, ScoringModel? before = null)
    {
        Snapshot = snapshot;
        _encoders = snapshot.Encoders;
        Dimension = _encoders.Sum(encoder => encoder.Dimension);
        var first = _encoders[0];
        if (_encoders.Any(e => !e.FittedClasses.SequenceEqual(first.FittedClasses) || !e.ProbeClasses.SequenceEqual(first.ProbeClasses)))
            throw new FewShotException(
                FewShotErrorCode.Internal,
                $"class set '{snapshot.ClassSetId}' version {snapshot.Version}: its encoders were fitted on different classes");
        Fitted = first.FittedClasses;
        Probed = first.ProbeClasses;
        IsFitted = new bool[snapshot.Classes.Length];
        foreach (var position in Fitted) IsFitted[position] = true;

        All = [.. Enumerable.Range(0, snapshot.Classes.Length)];
        Digests = snapshot.Encoders.ToDictionary(encoder => encoder.Encoder, encoder => encoder.Digest);
        TextBasis = Fitted.Length == 0 && snapshot.ProxyBasis != ""
            ? $"text proxies of {All.Length} classes; {snapshot.ProxyBasis}"
            : $"text proxies of {All.Length} classes";
        ProbeBasis = $"LP++ of {Probed.Length} classes";
        if (snapshot.Refiner is { } head) Refiner = new ScoreMatrix(head.Weights.AsFloats(), head.Classes.Length, head.Dimension);

        if (before is not null && !IsComparable(before)) before = null;
        Text = Matrix(snapshot.Classes.Length, encoder => encoder.TextProxies, before, before?.Text);
        Proxies = Matrix(Fitted.Length, encoder => encoder.Proxies, before, before?.Proxies);
        Gated = snapshot.Gate == GateRule.Seed ? first.GateClasses : [];
        GateProxies = Matrix(Gated.Length, encoder => encoder.GateProxies, before, before?.GateProxies);
        (Probe, ProbeBias) = before is not null && HasProbeOf(before)
            ? (before.Probe, before.ProbeBias)
            : (new ScoreMatrix(PackProbe(), Probed.Length, Dimension), FuseBias());
    }

    public ClassSetSnapshot Snapshot { get; }

    /// <summary>Sum of the encoders' feature sizes.</summary>
    public int Dimension { get; }

    /// <summary>All positions [C].</summary>
    public int[] All { get; }

    /// <summary>Encoder name to digest.</summary>
    public IReadOnlyDictionary<string, string> Digests { get; }

    /// <summary>What the text stage is served from, in words.</summary>
    public string TextBasis { get; }

    /// <summary>What the probe is, in words.</summary>
    public string ProbeBasis { get; }

    /// <summary>Text proxies of all C classes [C, Dimension].</summary>
    public ScoreMatrix Text { get; }

    /// <summary>Positions that InMaP was fitted on [F].</summary>
    public int[] Fitted { get; }

    /// <summary>Whether a class position is fitted [C].</summary>
    public bool[] IsFitted { get; }

    /// <summary>InMaP proxies [F, Dimension].</summary>
    public ScoreMatrix Proxies { get; }

    /// <summary>Positions that the gate's own proxies know [G]; empty: it has none.</summary>
    public int[] Gated { get; }

    /// <summary>The gate's own proxies [G, Dimension].</summary>
    public ScoreMatrix GateProxies { get; }

    /// <summary>Positions that LP++ knows [S].</summary>
    public int[] Probed { get; }

    /// <summary>LP++ weights with the text term [S, Dimension].</summary>
    public ScoreMatrix Probe { get; }

    /// <summary>Fused LP++ bias [S].</summary>
    public float[] ProbeBias { get; }

    /// <summary>The refiner's head [K, its own D]; null while none is fitted.</summary>
    public ScoreMatrix? Refiner { get; }

    /// <summary>How sure a stage may be.</summary>
    public StageCalibration Calibration(CascadeStage stage) =>
        (int)stage < Snapshot.Calibration.Length ? Snapshot.Calibration[(int)stage] : StageCalibration.None;

    /// <summary>One image's features as the vector that rows are multiplied with.</summary>
    /// <exception cref="FewShotException">ModelUnavailable: the features are another model's.</exception>
    public float[] Pack(ImageFeatures features)
    {
        var packed = new float[Dimension];
        var start = 0;
        foreach (var encoder in _encoders)
        {
            var own = Array.Find(features.Encoders, f => f.Encoder.Digest == encoder.Digest) ?? throw new FewShotException(
                FewShotErrorCode.ModelUnavailable,
                $"class set '{Snapshot.ClassSetId}' was made with encoder '{encoder.Encoder}' of digest {encoder.Digest}, which slot "
                + $"'{features.Device}' does not serve: start the node with those weights, or create the set anew");
            own.Values.AsFloats().CopyTo(packed.AsSpan(start));
            start += encoder.Dimension;
        }
        return packed;
    }

    private static float ProxyScale(EncoderHead encoder) => (float)(encoder.ProxyShare * encoder.LogitScale);

    /// <summary>Whether rows of the same bytes become the same packed rows.</summary>
    private bool IsComparable(ScoringModel before) =>
        _encoders.Length == before._encoders.Length && _encoders.Zip(before._encoders).All(pair =>
            (pair.First.Digest, pair.First.Dimension, pair.First.ProxyShare, pair.First.ProbeShare, pair.First.LogitScale)
            == (pair.Second.Digest, pair.Second.Dimension, pair.Second.ProxyShare, pair.Second.ProbeShare, pair.Second.LogitScale));

    /// <summary>Whether LP++ is the one of an earlier version, the text that is folded into it included.</summary>
    private bool HasProbeOf(ScoringModel before) => Probed.AsSpan().SequenceEqual(before.Probed) && _encoders.Zip(before._encoders).All(pair =>
        Same(pair, head => head.ProbeWeights) && Same(pair, head => head.ProbeAlpha) && Same(pair, head => head.ProbeBias)
        && Array.TrueForAll(Probed, position => TextRow(pair.First, position).SequenceEqual(TextRow(pair.Second, position))));

    private static bool Same((EncoderHead First, EncoderHead Second) pair, Func<EncoderHead, MatrixBytes> matrix) =>
        matrix(pair.First).Span.SequenceEqual(matrix(pair.Second).Span);

    private static ReadOnlySpan<byte> TextRow(EncoderHead encoder, int position) =>
        encoder.TextProxies.Span.Slice(position * encoder.Dimension * sizeof(float), encoder.Dimension * sizeof(float));

    private ScoreMatrix Matrix(int rows, Func<EncoderHead, MatrixBytes> matrix, ScoringModel? before, ScoreMatrix? packed)
    {
        var chunks = new float[(rows + ScoreMatrix.ChunkRows - 1) / ScoreMatrix.ChunkRows][];
        for (var chunk = 0; chunk < chunks.Length; chunk++)
        {
            var first = chunk * ScoreMatrix.ChunkRows;
            var count = Math.Min(ScoreMatrix.ChunkRows, rows - first);
            chunks[chunk] = packed is not null && Math.Min(ScoreMatrix.ChunkRows, packed.Rows - first) == count && IsUnchanged(first, count)
                ? packed.Chunk(chunk)
                : Pack(first, count, matrix, ProxyScale);
        }
        return new ScoreMatrix(chunks, rows, Dimension);

        bool IsUnchanged(int first, int count)
        {
            for (var e = 0; e < _encoders.Length; e++)
            {
                var (start, length) = (first * _encoders[e].Dimension * sizeof(float), count * _encoders[e].Dimension * sizeof(float));
                if (!matrix(_encoders[e]).Span.Slice(start, length).SequenceEqual(matrix(before!._encoders[e]).Span.Slice(start, length))) return false;
            }
            return true;
        }
    }

    private float[] Pack(int first, int rows, Func<EncoderHead, MatrixBytes> matrix, Func<EncoderHead, float> scale)
    {
        var packed = new float[rows * Dimension];
        var start = 0;
        foreach (var encoder in _encoders)
        {
            var source = matrix(encoder).AsFloats();
            for (var row = 0; row < rows; row++)
            {
                var target = packed.AsSpan(row * Dimension + start, encoder.Dimension);
                TensorPrimitives.Multiply(source.Slice((first + row) * encoder.Dimension, encoder.Dimension), scale(encoder), target);
            }
            start += encoder.Dimension;
        }
        return packed;
    }

    /// <summary>share * (w_k + alpha_k t_k) per encoder: LP++'s logit without its bias (LP++, equation 1).</summary>
    private float[] PackProbe()
    {
        var packed = Pack(0, Probed.Length, encoder => encoder.ProbeWeights, encoder => (float)encoder.ProbeShare);
        var start = 0;
        foreach (var encoder in _encoders)
        {
            var text = encoder.TextProxies.AsFloats();
            var alpha = encoder.ProbeAlpha.AsFloats();
            for (var row = 0; row < Probed.Length; row++)
            {
                var target = packed.AsSpan(row * Dimension + start, encoder.Dimension);
                var proxy = text.Slice(Probed[row] * encoder.Dimension, encoder.Dimension);
                TensorPrimitives.MultiplyAdd(proxy, (float)(encoder.ProbeShare * alpha[row]), target, target);
            }
            start += encoder.Dimension;
        }
        return packed;
    }

    private float[] FuseBias()
    {
        var fused = new float[Probed.Length];
        foreach (var encoder in _encoders)
        {
            var bias = encoder.ProbeBias.AsFloats();
            for (var row = 0; row < fused.Length; row++) fused[row] += (float)(encoder.ProbeShare * bias[row]);
        }
        return fused;
    }
}
