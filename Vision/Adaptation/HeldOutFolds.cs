namespace FewShotCluster.Vision.Adaptation;

/// <summary>Which shots a cross-validation holds out together.</summary>
internal static class HeldOutFolds
{
    /// <summary>Row numbers of each fold: the first shot of a class to the first fold, and so on; classes start at different folds.</summary>
    public static long[][] Deal(IReadOnlyList<long> labels, int folds) => Deal(labels, folds, _ => true);

    /// <summary>The same of the classes with two shots or more: of another one nothing is left to learn from. Without empty folds.</summary>
    public static long[][] DealPairs(IReadOnlyList<long> labels, int folds)
    {
        var counts = labels.GroupBy(label => label).ToDictionary(group => group.Key, group => group.Count());
        return [.. Deal(labels, folds, label => counts[label] > 1).Where(rows => rows.Length > 0)];
    }

    private static long[][] Deal(IReadOnlyList<long> labels, int folds, Func<long, bool> isHeldOut)
    {
        var dealt = Enumerable.Range(0, folds).Select(_ => new List<long>()).ToArray();
        var next = new Dictionary<long, int>();
        for (var row = 0; row < labels.Count; row++)
        {
            if (!isHeldOut(labels[row])) continue;
            // By order of appearance: labels alone could all begin at the same fold.
            var turn = next.TryGetValue(labels[row], out var begun) ? begun : next.Count;
            dealt[turn % folds].Add(row);
            next[labels[row]] = turn + 1;
        }
        return [.. dealt.Select(rows => rows.ToArray())];
    }
}

/// <summary>What learned weights say of shots that they were not fitted to; the owner disposes it.</summary>
/// <param name="Logits">[H,C]</param>
/// <param name="Shots">Number of each row's shot [H].</param>
public sealed record HeldOutScores(TorchSharp.torch.Tensor Logits, IReadOnlyList<long> Shots) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Logits.Dispose();
}
