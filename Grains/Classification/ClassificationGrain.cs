using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.ClassSets;
using FewShotCluster.Grains.Metrics;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace FewShotCluster.Grains.Classification;

/// <summary>The request grain: one photo from bytes to answer, against one snapshot, under one deadline.</summary>
[StatelessWorker(1), Reentrant]
internal sealed partial class ClassificationGrain(
    RequestLimits limits,
    SnapshotCache snapshots,
    ScoringModels models,
    FeatureFetch features,
    FewShotMetrics metrics,
    TimeProvider time,
    ILogger<ClassificationGrain> log) : Grain, IClassificationGrain
{
    public async Task<ClassificationAnswer> Classify(ClassifyRequest request, CancellationToken cancellationToken)
    {
        var timing = new RequestTiming(time, metrics);
        using var deadline = new RequestDeadline(request.Deadline, time, cancellationToken);
        try
        {
            limits.Check(request);
            var answer = await Classify(request, timing, deadline.Token);
            metrics.Request("ok", answer.Stage, timing.Total);
            return answer;
        }
        catch (Exception e)
        {
            var failure = deadline.Explain(e);
            if (failure is FewShotException { Code: FewShotErrorCode.Internal }) LogFailed(log, e, request.ClassSetId);
            metrics.Request(failure is FewShotException typed ? typed.Code.ToString() : "cancelled", null, timing.Total);
            if (ReferenceEquals(failure, e)) throw;
            throw failure;
        }
    }

    private async Task<ClassificationAnswer> Classify(ClassifyRequest request, RequestTiming timing, CancellationToken cancellationToken)
    {
        var key = await Task.Run(() => ContentKey.Of(request.Image), cancellationToken);
        var snapshot = await timing.Snapshot(snapshots.Get(request.ClassSetId, request.MinimumVersion, cancellationToken));
        if (snapshot.Classes.Length == 0)
            throw new FewShotException(
                FewShotErrorCode.InvalidArgument, $"class set '{snapshot.ClassSetId}' has no classes: add names first");

        var slot = features.SlotOf(key);
        var learnFor = snapshot.LearnFromTraffic ? snapshot.ClassSetId : null;
        var encoding = features.Encode(slot, key, request.Image, learnFor, cancellationToken);
        var image = await timing.Encode(encoding.WaitAsync(cancellationToken));

        // Scoring is CPU work: on the pool, with a way back to the slot for the refiner.
        var result = await timing.Score(Task.Run(
            () =>
            {
                var model = models.Of(snapshot);
                return Cascade.Run(model, model.Pack(image), request.Explain == ExplainMode.AllStages, Refine);
            },
            cancellationToken).WaitAsync(cancellationToken));
        return AnswerBuilder.Build(request, snapshot, image, result, timing.Report());

        Task<RefinerFeatures> Refine() => timing.Refine(features.Refine(slot, key, request.Image, cancellationToken));
    }
}
