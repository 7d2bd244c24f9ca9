using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.ClassSets;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Metrics;
using Microsoft.Extensions.Logging;

namespace FewShotCluster.Grains.Classification;

/// <summary>
/// One photo from bytes to answer, against one snapshot, under one deadline. Runs on the pool: with cached features it is one piece of CPU work
/// from hash to ranking, without a hop.
/// </summary>
internal sealed partial class Classifier(
    RequestLimits limits,
    SnapshotCache snapshots,
    ScoringModels models,
    SlotCalls slots,
    DeviceSlots devices,
    IGrainFactory grains,
    FewShotMetrics metrics,
    TimeProvider time,
    ILogger<Classifier> log)
{
    public async Task<ClassificationAnswer> Classify(ClassifyRequest request, CancellationToken cancellationToken)
    {
        var timing = new RequestTiming(time, metrics);
        using var deadline = new RequestDeadline(request.Deadline, time, cancellationToken);
        metrics.RequestBegins();
        try
        {
            limits.Check(request);
            var answer = await Answer(request, timing, deadline);
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

    private async Task<ClassificationAnswer> Answer(ClassifyRequest request, RequestTiming timing, RequestDeadline deadline)
    {
        var key = ContentKey.Of(request.Image);
        timing.Begin(RequestStage.Snapshot);
        var snapshot = await snapshots.Get(request.ClassSetId, request.MinimumVersion, deadline.Token);
        timing.End(RequestStage.Snapshot);
        if (snapshot.Classes.Length == 0)
            throw new FewShotException(
                FewShotErrorCode.InvalidArgument, $"class set '{snapshot.ClassSetId}' has no classes: add names first");

        timing.Begin(RequestStage.Encode);
        var image = await slots.Run(key, slot => Encode(slot, key, request, deadline), deadline.Token);
        timing.End(RequestStage.Encode);

        timing.Begin(RequestStage.Score);
        var model = models.Of(snapshot);
        var result = await Cascade.Run(model, model.Pack(image), request.Explain == ExplainMode.AllStages, Refine);
        timing.End(RequestStage.Score);
        if (request.Learn && snapshot.LearnFromTraffic) Learn(image.Device, snapshot.ClassSetId, key, snapshot.Classes[result.Answer.Ranking.Best].Id);
        return Answer(request, model, image, result, timing.Report());

        async Task<RefinerFeatures> Refine()
        {
            timing.Begin(RequestStage.Refine);
            var features = await slots.Run(key, slot => EncodeForRefiner(slot, key, request, deadline), deadline.Token);
            timing.End(RequestStage.Refine);
            return features;
        }
    }

    // To another process the key goes first and the bytes only on a miss; within this one the cache is asked directly.
    private Task<ImageFeatures> Encode(RoutedSlot slot, ContentKey key, ClassifyRequest request, RequestDeadline deadline)
    {
        if (slot.IsLocal && devices.Find(slot.Name) is { } own)
        {
            return own.Encoders.Cached(key) is { } cached
                ? Task.FromResult(cached)
                : own.Encoders.EncodeImage(key, request.Image, Origin(request, deadline), deadline.Token)!;
        }
        return EncodeElsewhere(grains.GetGrain<IEncoderGrain>(slot.Name), key, request, deadline);
    }

    private static async Task<ImageFeatures> EncodeElsewhere(
        IEncoderGrain encoder, ContentKey key, ClassifyRequest request, RequestDeadline deadline) =>
        await encoder.EncodeImage(key, null, Origin(request, deadline), deadline.Token)
            ?? (await encoder.EncodeImage(key, request.Image, Origin(request, deadline), deadline.Token))!;

    private async Task<RefinerFeatures> EncodeForRefiner(RoutedSlot slot, ContentKey key, ClassifyRequest request, RequestDeadline deadline)
    {
        if (slot.IsLocal && devices.Find(slot.Name)?.Refiner is { } own)
            return (await own.Encode(key, request.Image, Origin(request, deadline), deadline.Token))!;
        var refiner = grains.GetGrain<IDogRefinerGrain>(slot.Name);
        return await refiner.Encode(key, null, Origin(request, deadline), deadline.Token)
            ?? (await refiner.Encode(key, request.Image, Origin(request, deadline), deadline.Token))!;
    }

    // One way: nobody waits for it.
    private void Learn(string slot, string classSetId, ContentKey key, int predicted)
    {
        if (devices.Find(slot) is { } own) own.Encoders.Learn(classSetId, key, predicted);
        else grains.GetGrain<IEncoderGrain>(slot).Learn(classSetId, key, predicted).Ignore();
    }

    private static WorkOrigin Origin(ClassifyRequest request, RequestDeadline deadline) => new(request.ClassSetId, deadline.Left);

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
            Encoders = model.Digests,
            CacheHit = image.CacheHit,
            Device = image.Device,
            Timings = timings,
            Stages = request.Explain == ExplainMode.None
                ? []
                : [.. result.Route.Select(stage => new StageReport(
                    stage.Stage, stage.Ranking.Top(snapshot.Classes, request.Top), stage.Ranking.Margin, stage.Basis))],
            Abstained = result.Answer.Ranking.Confidence < model.Calibration(result.Answer.Stage).AbstainBelow,
        };
    }

    [LoggerMessage(1301, LogLevel.Error, "a classification by class set {ClassSet} failed")]
    private static partial void LogFailed(ILogger logger, Exception exception, string classSet);
}
