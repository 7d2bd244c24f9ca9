using System.Buffers;
using System.Numerics.Tensors;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Grains.Classification;

/// <summary>Classes in order of their scores: positions in the snapshot, best first.</summary>
/// <param name="Positions">Class positions.</param>
/// <param name="Scores">Their logits.</param>
/// <param name="Probabilities">Softmax at the stage's temperature over the classes that the stage decides among; 0 for those that merely follow.</param>
internal sealed record Ranking(int[] Positions, float[] Scores, double[] Probabilities)
{
    private const int SmallRanking = 1024;

    public int Best => Positions[0];

    /// <summary>Probability of the best class.</summary>
    public double Confidence => Probabilities[0];

    /// <summary>Best score minus second; 0 with one class.</summary>
    public double Margin => Scores.Length < 2 ? 0 : (double)Scores[0] - Scores[1];

    /// <summary>Ranks classes; equal scores keep the user's order, a score that is no number ranks last.</summary>
    public static Ranking Of(ReadOnlySpan<int> positions, ReadOnlySpan<float> scores, double temperature = 1)
    {
        var count = scores.Length;
        var rented = count > SmallRanking ? ArrayPool<ulong>.Shared.Rent(count) : null;
        var keys = rented is null ? stackalloc ulong[count] : rented.AsSpan(0, count);
        for (var i = 0; i < count; i++) keys[i] = Key(scores[i], i);
        keys.Sort();
        var ranked = new Ranking(new int[count], new float[count], new double[count]);
        for (var i = 0; i < count; i++)
        {
            var source = (int)(uint)keys[i];
            ranked.Positions[i] = positions[source];
            ranked.Scores[i] = float.IsFinite(scores[source]) ? scores[source] : float.MinValue;
            ranked.Probabilities[i] = ((double)ranked.Scores[i] - ranked.Scores[0]) / temperature;
        }
        if (rented is not null) ArrayPool<ulong>.Shared.Return(rented);
        TensorPrimitives.Exp<double>(ranked.Probabilities, ranked.Probabilities);
        TensorPrimitives.Divide(ranked.Probabilities, TensorPrimitives.Sum<double>(ranked.Probabilities), ranked.Probabilities);
        return ranked;
    }

    /// <summary>The same with some classes in front, each group in its order.</summary>
    public Ranking Preferring(Func<int, bool> isPreferred)
    {
        var next = new Ranking(new int[Positions.Length], new float[Positions.Length], new double[Positions.Length]);
        var end = 0;
        foreach (var preferred in (ReadOnlySpan<bool>)[true, false])
        {
            for (var i = 0; i < Positions.Length; i++)
            {
                if (isPreferred(Positions[i]) == preferred) next.Set(end++, this, i, Probabilities[i]);
            }
        }
        return next;
    }

    /// <summary>These classes, then those that another ranking has besides, in its order.</summary>
    /// <param name="others">A ranking of all classes.</param>
    /// <param name="isOwn">By position: whether this ranking has the class.</param>
    public Ranking FollowedBy(Ranking others, ReadOnlySpan<bool> isOwn)
    {
        var count = others.Positions.Length;
        if (count == Positions.Length) return this;
        var all = new Ranking(new int[count], new float[count], new double[count]);
        for (var i = 0; i < Positions.Length; i++) all.Set(i, this, i, Probabilities[i]);
        var end = Positions.Length;
        for (var i = 0; i < count; i++)
        {
            if (!isOwn[others.Positions[i]]) all.Set(end++, others, i, 0);
        }
        return all;
    }

    /// <summary>The best classes as the contract names them.</summary>
    public RankedClass[] Top(ClassEntry[] classes, int count)
    {
        var top = new RankedClass[Math.Min(count, Positions.Length)];
        for (var i = 0; i < top.Length; i++)
        {
            var entry = classes[Positions[i]];
            top[i] = new RankedClass(entry.Id, entry.Name, Scores[i], Probabilities[i]);
        }
        return top;
    }

    private void Set(int place, Ranking source, int index, double probability) =>
        (Positions[place], Scores[place], Probabilities[place]) = (source.Positions[index], source.Scores[index], probability);

    // Sorted as whole numbers: descending scores, then ascending places. Adding zero makes -0 equal to 0.
    private static ulong Key(float score, int place)
    {
        var bits = BitConverter.SingleToUInt32Bits(float.IsFinite(score) ? score + 0f : float.MinValue);
        var ascending = bits ^ (uint)((int)bits >> 31) ^ (~bits & 0x80000000);
        return ((ulong)~ascending << 32) | (uint)place;
    }
}
