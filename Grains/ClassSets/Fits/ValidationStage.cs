using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Adaptation;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets.Fits;

/// <summary>Validation photos of a fit: from the wire to the head's memory, and from there to the fit.</summary>
internal sealed class ValidationStage(ShotIntake intake, ClassSetRepository repository, FewShotNodeOptions options)
{
    /// <summary>What is staged with more photos; the answer counts those that were there as duplicates.</summary>
    public async Task<(ValidationShots Staged, List<Block> Blocks, AddShotsResult Answer)> Add(
        ClassSetState state, ValidationShots? staged, string key, IReadOnlyList<Shot> shots, CancellationToken cancellationToken)
    {
        ClassSetRules.CheckKey(key, "a key of the validation photos");
        var before = staged?.Key == key ? staged : new ValidationShots(key, []);
        var have = before.Batches.Sum(batch => batch.Keys.Length);
        if (have + shots.Count > options.MaxValidationShots)
            throw ClassSetRules.Exceeded(
                $"{have} validation photos and {shots.Count} more, at most {options.MaxValidationShots} are allowed",
                nameof(options.MaxValidationShots));
        var known = before.Batches.SelectMany(batch => batch.Classes.Zip(batch.Keys)).ToHashSet();
        var keys = await Task.Run(() => shots.Select(shot => ContentKey.Of(shot.Image)).ToArray(), cancellationToken);
        List<IntakeItem> fresh = [];
        for (var i = 0; i < shots.Count; i++)
        {
            ClassSetRules.Position(shots[i].ClassId, state);
            if (known.Add((shots[i].ClassId, keys[i]))) fresh.Add(new IntakeItem(shots[i], shots[i].ClassId, keys[i], WithViews: false));
        }
        var encoded = await intake.Encode(fresh, cancellationToken);
        var readable = encoded.Where(shot => shot.Failed is null).ToArray();
        FailedInput[] failed = [.. encoded.Select(shot => shot.Failed).OfType<FailedInput>()];
        var answer = new AddShotsResult(state.Version, readable.Length, shots.Count - fresh.Count, failed);
        var blocks = new List<Block>();
        if (readable.Length == 0) return (before, blocks, answer);
        var batch = await Task.Run(() => ShotIntake.Batch(state, readable, blocks, out _), cancellationToken);
        return (before with { Batches = [.. before.Batches, batch] }, blocks, answer);
    }

    /// <summary>The photos whose classes have shots; labels are rows of <paramref name="seen"/>.</summary>
    /// <exception cref="FitRefusedException">None has.</exception>
    public async Task<LabelledImages?> Load(
        ClassSetState basis, ValidationShots? validation, int[] seen, CancellationToken cancellationToken)
    {
        if (validation is null) return null;
        var batches = await repository.LoadShots(validation.Batches, cancellationToken);
        var rowOf = seen.Select((position, row) => (basis.Classes[position].Id, row)).ToDictionary(pair => pair.Id, pair => pair.row);
        int[] ids = [.. batches.SelectMany(batch => batch.Classes)];
        int[] rows = [.. Enumerable.Range(0, ids.Length).Where(row => rowOf.ContainsKey(ids[row]))];
        if (rows.Length == 0) throw new FitRefusedException("no validation photo is of a class that has shots");
        return new LabelledImages(
            [.. rows.Select(row => rowOf[ids[row]])],
            [
                .. basis.Encoders.Select((encoder, e) => FitMatrix.Rows(
                    FloatBytes.Concatenate([.. batches.Select(batch => batch.Features[e].Bytes!)]), encoder.Info.Dimension, rows)),
            ]);
    }

    /// <summary>The fit as the head remembers it, and what stays staged.</summary>
    /// <exception cref="FewShotException">Conflict: the photos were never sent, or others took their place.</exception>
    public static (PendingFit Asked, ValidationShots? Staged) Take(FitRequest request, ValidationShots? staged)
    {
        if (request.Validation is null) return (new PendingFit(request, null), staged);
        if (staged?.Key != request.Validation || staged.Batches.Length == 0)
            throw new FewShotException(
                FewShotErrorCode.Conflict, $"no validation photos are staged under '{request.Validation}': send them again, then fit");
        return (new PendingFit(request, staged), null);
    }
}
