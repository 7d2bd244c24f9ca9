using FewShotCluster.Cli.Batches;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Cli.Output;

/// <summary>
/// Report of <c>evaluate</c>. Accuracies are 0 to 1, of the photos that were answered; null where there were none. Seen and unseen are
/// as of <paramref name="Version"/>, the answers of it or a newer one.
/// </summary>
internal sealed record EvaluationReport(
    string ClassSetId,
    long Version,
    int Images,
    double? Top1,
    double? Top5,
    Accuracy Seen,
    Accuracy Unseen,
    double? HarmonicMean,
    PerStage<Accuracy> Stages,
    IReadOnlyList<FailedInput> Failed,
    double Seconds,
    double ImagesPerSecond)
{
    public static EvaluationReport Of(ClassSetDescription set, Evaluation found, IReadOnlyList<FailedInput> failed, double seconds) => new(
        set.ClassSetId,
        set.Version,
        found.All.Images,
        found.All.Top1,
        found.All.Top5,
        found.Seen,
        found.Unseen,
        found.HarmonicMean,
        found.Stages,
        failed,
        seconds,
        BatchClock.Rate(found.All.Images, seconds));
}
