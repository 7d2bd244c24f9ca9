using FewShotCluster.Vision.Numerics;
using TorchSharp;

namespace FewShotCluster.Silo.Commands.Adapt;

/// <summary>Which images a replayed stream has, and in what order.</summary>
/// <param name="Order">iid, sorted or file.</param>
/// <param name="Present">Share of the classes whose images come.</param>
/// <param name="Seed">What is drawn follows from it.</param>
internal sealed record StreamChoice(string Order, double Present, ulong Seed)
{
    public const string Iid = "iid", Sorted = "sorted", File = "file";

    /// <summary>The images that come, in their order, as input of their own.</summary>
    public AdaptInput Of(AdaptInput all)
    {
        var random = new SplitMix64(Seed);
        var classes = random.Permutation((int)all.Classes);
        var shown = Math.Max((int)Math.Round(Present * classes.Length), 1);
        var places = new int[classes.Length];
        foreach (var (place, c) in classes.Index()) places[c] = place;
        var labels = all.Labels!;
        long[] rows = [.. Enumerable.Range(0, labels.Length).Where(row => places[labels[row]] < shown).Select(row => (long)row)];
        if (rows.Length == 0)
            throw LocalVerb.Invalid($"--present {Present}: none of the {shown} classes drawn has images; try another --seed");
        long[] order = Order switch
        {
            Iid => [.. random.Permutation(rows.Length).Select(i => rows[i])],
            Sorted => [.. rows.OrderBy(row => places[labels[row]])],
            _ => rows,
        };
        return new AdaptInput(
            all.Features.index_select(0, torch.tensor(order)), all.Text, Array.ConvertAll(order, row => labels[row]));
    }
}
