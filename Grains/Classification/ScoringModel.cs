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

    public ScoringModel(ClassSetSnapshot snapshot)
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
        if (snapshot.Refiner is { } head) Refiner = new ScoreMatrix(head.Weights.AsFloats().ToArray(), head.Classes.Length, head.Dimension);

        Text = Matrix(snapshot.Classes.Length, encoder => encoder.TextProxies, encoder => encoder.ProxyShare * encoder.LogitScale);
        Proxies = Matrix(Fitted.Length, encoder => encoder.Proxies, encoder => encoder.ProxyShare * encoder.LogitScale);
        Gated = snapshot.Gate == GateRule.Seed ? first.GateClasses : [];
        GateProxies = Matrix(Gated.Length, encoder => encoder.GateProxies, encoder => encoder.ProxyShare * encoder.LogitScale);
        Probe = new ScoreMatrix(PackProbe(), Probed.Length, Dimension);
        ProbeBias = FuseBias();
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

    private ScoreMatrix Matrix(int rows, Func<EncoderHead, byte[]> matrix, Func<EncoderHead, double> scale) =>
        new(Pack(rows, matrix, scale), rows, Dimension);

    private float[] Pack(int rows, Func<EncoderHead, byte[]> matrix, Func<EncoderHead, double> scale)
    {
        var packed = new float[rows * Dimension];
        var start = 0;
        foreach (var encoder in _encoders)
        {
            var source = matrix(encoder).AsFloats();
            for (var row = 0; row < rows; row++)
            {
                var target = packed.AsSpan(row * Dimension + start, encoder.Dimension);
                TensorPrimitives.Multiply(source.Slice(row * encoder.Dimension, encoder.Dimension), (float)scale(encoder), target);
            }
            start += encoder.Dimension;
        }
        return packed;
    }

    /// <summary>share * (w_k + alpha_k t_k) per encoder: LP++'s logit without its bias (LP++, equation 1).</summary>
    private float[] PackProbe()
    {
        var packed = Pack(Probed.Length, encoder => encoder.ProbeWeights, encoder => encoder.ProbeShare);
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
