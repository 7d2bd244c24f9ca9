using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Grains.Classification;

/// <summary>Classes in order of their scores: positions in the snapshot, best first.</summary>
/// <param name="Positions">Class positions.</param>
/// <param name="Scores">Their logits.</param>
/// <param name="Probabilities">Softmax at the stage's temperature over the classes that the stage decides among; 0 for those that merely follow.</param>
internal sealed record Ranking(int[] Positions, float[] Scores, double[] Probabilities)
{
    public int Best => Positions[0];

    /// <summary>Best score minus second; 0 with one class.</summary>
    public double Margin => Scores.Length < 2 ? 0 : (double)Scores[0] - Scores[1];

    /// <summary>Ranks classes; equal scores keep the user's order, a score that is no number ranks last.</summary>
    public static Ranking Of(ReadOnlySpan<int> positions, ReadOnlySpan<float> scores, double temperature = 1)
    {
        var keys = new float[scores.Length];
        for (var i = 0; i < keys.Length; i++) keys[i] = float.IsFinite(scores[i]) ? scores[i] : float.MinValue;
        var order = Enumerable.Range(0, keys.Length).OrderByDescending(i => keys[i]).ToArray();
        var ranked = new Ranking(new int[keys.Length], new float[keys.Length], new double[keys.Length]);
        var sum = 0.0;
        for (var i = 0; i < order.Length; i++)
        {
            ranked.Positions[i] = positions[order[i]];
            ranked.Scores[i] = keys[order[i]];
            sum += ranked.Probabilities[i] = Math.Exp(((double)keys[order[i]] - keys[order[0]]) / temperature);
        }
        for (var i = 0; i < order.Length; i++) ranked.Probabilities[i] /= sum;
        return ranked;
    }

    /// <summary>The same with some classes in front, each group in its order.</summary>
    public Ranking Preferring(Func<int, bool> isPreferred)
    {
        int[] order = [.. Enumerable.Range(0, Positions.Length).OrderBy(i => isPreferred(Positions[i]) ? 0 : 1)];
        return new Ranking([.. order.Select(i => Positions[i])], [.. order.Select(i => Scores[i])], [.. order.Select(i => Probabilities[i])]);
    }

    /// <summary>These classes, then those that another ranking has besides, in its order.</summary>
    public Ranking FollowedBy(Ranking others)
    {
        var own = Positions.ToHashSet();
        var rest = Enumerable.Range(0, others.Positions.Length).Where(i => !own.Contains(others.Positions[i])).ToArray();
        return new Ranking(
            [.. Positions, .. rest.Select(i => others.Positions[i])],
            [.. Scores, .. rest.Select(i => others.Scores[i])],
            [.. Probabilities, .. rest.Select(_ => 0.0)]);
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
}
