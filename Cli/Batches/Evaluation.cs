using FewShotCluster.Cli.Output;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Cli.Batches;

/// <summary>Answers held against their labels.</summary>
internal sealed class Evaluation
{
    private readonly List<Judged> judged;

    /// <param name="answers">The answers; photos without one do not count.</param>
    /// <param name="labels">The class id of each file.</param>
    /// <param name="set">Says which classes are seen.</param>
    public Evaluation(
        IReadOnlyList<ClassifiedFile> answers, IReadOnlyDictionary<string, int> labels, ClassSetDescription set)
    {
        var seen = set.Classes.Where(c => c.Shots > 0).Select(c => c.Id).ToHashSet();
        judged = [.. answers.Select(a => new Judged(a.Answer.Stage, seen.Contains(labels[a.File]), Rank(a.Answer, labels[a.File])))];
        All = Of(_ => true);
        Seen = Of(j => j.Seen);
        Unseen = Of(j => !j.Seen);
        Stages = PerStage<Accuracy>.Of(stage => Of(j => j.Stage == stage));
    }

    public Accuracy All { get; }

    /// <summary>Of photos of classes with shots, among all classes.</summary>
    public Accuracy Seen { get; }

    public Accuracy Unseen { get; }

    /// <summary>Of top-1, seen and unseen.</summary>
    public double? HarmonicMean => Accuracy.HarmonicMean(Seen.Top1, Unseen.Top1);

    public PerStage<Accuracy> Stages { get; }

    private Accuracy Of(Predicate<Judged> which) => Accuracy.Of([.. judged.FindAll(which).Select(j => j.Rank)]);

    private static int Rank(ClassificationAnswer answer, int label)
    {
        for (var rank = 0; rank < answer.Top.Count; rank++)
            if (answer.Top[rank].Id == label) return rank;
        return -1;
    }

    private readonly record struct Judged(CascadeStage Stage, bool Seen, int Rank);
}
