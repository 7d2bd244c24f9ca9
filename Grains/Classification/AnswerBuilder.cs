using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;

namespace FewShotCluster.Grains.Classification;

/// <summary>Puts a cascade's result into the words of the contract.</summary>
internal static class AnswerBuilder
{
    public static ClassificationAnswer Build(
        ClassifyRequest request, ClassSetSnapshot snapshot, ImageFeatures features, CascadeResult result, StageTimings timings) => new()
        {
            ClassSetId = snapshot.ClassSetId,
            Version = snapshot.Version,
            Stage = result.Answer.Stage,
            Top = Top(snapshot, result.Answer.Ranking, request.Top),
            Encoders = snapshot.Encoders.ToDictionary(encoder => encoder.Encoder, encoder => encoder.Digest),
            CacheHit = features.CacheHit,
            Device = features.Device,
            Timings = timings,
            Stages = request.Explain == ExplainMode.None
            ? []
            : result.Route.Select(stage => new StageReport(
                stage.Stage, Top(snapshot, stage.Ranking, request.Top), stage.Ranking.Margin, stage.Basis)).ToArray(),
        };

    private static RankedClass[] Top(ClassSetSnapshot snapshot, Ranking ranking, int count)
    {
        var top = new RankedClass[Math.Min(count, ranking.Positions.Length)];
        for (var i = 0; i < top.Length; i++)
        {
            var entry = snapshot.Classes[ranking.Positions[i]];
            top[i] = new RankedClass(entry.Id, entry.Name, ranking.Scores[i], ranking.Probabilities[i]);
        }
        return top;
    }
}
