using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.ClassSets;
using FewShotCluster.Grains.Devices;
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
    SlotRouter router,
    IGrainFactory grains,
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

        var slot = router.Route(key);
        var encoding = Encode(slot, key, request.Image, cancellationToken);
        var image = await timing.Encode(encoding.WaitAsync(cancellationToken));

        // Scoring is CPU work: on the pool, with a way back to the slot for the refiner.
        var result = await timing.Score(Task.Run(
            () =>
            {
                var model = models.Of(snapshot);
                return Cascade.Run(model, model.Pack(image), request.Explain == ExplainMode.AllStages, Refine);
            },
            cancellationToken).WaitAsync(cancellationToken));
        if (request.Learn && snapshot.LearnFromTraffic) Learn(slot, snapshot.ClassSetId, key, snapshot.Classes[result.Answer.Ranking.Best].Id);
        return Answer(request, models.Of(snapshot), image, result, timing.Report());

        Task<RefinerFeatures> Refine() => timing.Refine(EncodeForRefiner(slot, key, request.Image, cancellationToken));
    }

    // To another process the key goes first and the bytes only on a miss; within this one the bytes go at once, by reference.
    private async Task<ImageFeatures> Encode(RoutedSlot slot, ContentKey key, byte[] image, CancellationToken cancellationToken)
    {
        var encoder = grains.GetGrain<IEncoderGrain>(slot.Name);
        var features = slot.IsLocal ? null : await encoder.EncodeImage(key, null, cancellationToken);
        return features ?? (await encoder.EncodeImage(key, image, cancellationToken))!;
    }

    // One way: nobody waits for it.
    private void Learn(RoutedSlot slot, string classSetId, ContentKey key, int predicted) =>
        grains.GetGrain<IEncoderGrain>(slot.Name).Learn(classSetId, key, predicted).Ignore();

    private async Task<RefinerFeatures> EncodeForRefiner(RoutedSlot slot, ContentKey key, byte[] image, CancellationToken cancellationToken)
    {
        var refiner = grains.GetGrain<IDogRefinerGrain>(slot.Name);
        var features = slot.IsLocal ? null : await refiner.Encode(key, null, cancellationToken);
        return features ?? (await refiner.Encode(key, image, cancellationToken))!;
    }

    private static ClassificationAnswer Answer(
        ClassifyRequest request, ScoringModel model, ImageFeatures image, CascadeResult result, StageTimings timings)
    {
        var snapshot = model.Snapshot;
        return new()
        {
            ClassSetId = snapshot.ClassSetId,
            Version = snapshot.Version,
            Stage = result.Answer.Stage,
            Top = result.Answer.Ranking.Top(snapshot.Classes, request.Top),
            Encoders = snapshot.Encoders.ToDictionary(encoder => encoder.Encoder, encoder => encoder.Digest),
            CacheHit = image.CacheHit,
            Device = image.Device,
            Timings = timings,
            Stages = request.Explain == ExplainMode.None
                ? []
                : [.. result.Route.Select(stage => new StageReport(
                    stage.Stage, stage.Ranking.Top(snapshot.Classes, request.Top), stage.Ranking.Margin, stage.Basis))],
            Abstained = result.Answer.Ranking.Probabilities[0] < model.Calibration(result.Answer.Stage).AbstainBelow,
        };
    }
}
