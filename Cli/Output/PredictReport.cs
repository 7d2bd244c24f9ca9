using FewShotCluster.Cli.Batches;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Cli.Output;

/// <summary>Report of <c>predict</c>; <paramref name="Stages"/> counts the photos that each stage answered.</summary>
internal sealed record PredictReport(
    IReadOnlyList<PredictedFile> Files,
    IReadOnlyList<FailedInput> Failed,
    double Seconds,
    double ImagesPerSecond,
    PerStage<int> Stages,
    RefineOutcome Refined)
{
    public static PredictReport Of(ClassifyReport batch, RefineOutcome refined, double seconds) => new(
        [.. batch.Files.Select(PredictedFile.Of)],
        batch.Failed,
        seconds,
        BatchClock.Rate(batch.Files.Count, seconds),
        PerStage<int>.Of(stage => batch.Files.Count(f => f.Answer.Stage == stage)),
        refined);
}

/// <summary>A line of <c>result.txt</c>: the user's class ids, best first.</summary>
internal sealed record PredictedFile(string File, IReadOnlyList<int> ClassIds, CascadeStage Stage, long Version)
{
    public static PredictedFile Of(ClassifiedFile one) =>
        new(one.File, [.. one.Answer.Top.Select(c => c.Id)], one.Answer.Stage, one.Answer.Version);

    /// <summary>As the seed writes it: file name and ids, a blank between them.</summary>
    public string ToLine() => $"{File} {string.Join(' ', ClassIds)}\n";
}

/// <summary>What became of the refit; <see cref="FitState.None"/>: there was none.</summary>
internal sealed record RefineOutcome(FitState State, long Version, string Reason);
