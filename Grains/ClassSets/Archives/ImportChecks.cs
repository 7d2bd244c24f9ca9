using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Hosting;

namespace FewShotCluster.Grains.ClassSets.Archives;

/// <summary>What an import must be before its first array is sent: of this format, within the limits, of encoders that are served here.</summary>
internal sealed class ImportChecks(
    ClassSetRules rules, TextProxies texts, IGrainFactory grains, SlotRouter router, FewShotNodeOptions options)
{
    public async Task<ClassSetImport> Begin(string classSetId, byte[] json, string operationId, CancellationToken cancellationToken)
    {
        rules.CheckId(classSetId);
        var manifest = await Task.Run(() => ArchiveManifest.Parse(json), cancellationToken);
        if (manifest.Encoders.Length == 0) throw Invalid("it names no encoder");
        if (manifest.Classes.Any(c => c.Id is null)) throw Invalid("a class has no id");
        // What was stored is not what this node would take now, where limits are lower here.
        var policy = rules.Policy(manifest.Policy);
        var classes = rules.NewClasses(manifest.Classes, [], manifest.RetiredIds);
        CheckShots(manifest);
        CheckShares(manifest);
        await CheckEncoders(manifest, policy, cancellationToken);
        ClassSetImport import;
        try
        {
            import = new ClassSetImport(operationId, json, manifest, policy, classes);
        }
        catch (OverflowException)
        {
            throw Invalid("its arrays are larger than any memory");
        }
        var bytes = import.Arrays.Sum(array => array.Length);
        if (bytes > options.MaxImportBytes)
            throw ClassSetRules.Exceeded($"the import has {bytes} bytes, at most {options.MaxImportBytes} are allowed", nameof(options.MaxImportBytes));
        return import;
    }

    private void CheckShots(ArchiveManifest manifest)
    {
        if (manifest.Shots.Any(batch => batch.Count < 1 || batch.ViewsPerShot < 0 || batch.ViewClasses.Length > batch.Count))
            throw Invalid("a number of shots or views is out of range");
        if (manifest.RefinerBackbone is null && manifest.Shots.Any(batch => batch.ViewClasses.Length > 0))
            throw Invalid("its shots have views, but it names no refiner");
        var shots = manifest.Shots.Sum(batch => (long)batch.Count);
        if (shots > options.MaxShots)
            throw ClassSetRules.Exceeded($"the import has {shots} shots, at most {options.MaxShots} are allowed", nameof(options.MaxShots));
    }

    private static void CheckShares(ArchiveManifest manifest)
    {
        foreach (var encoder in manifest.Encoders)
        {
            double[] numbers = [encoder.ProxyShare, encoder.ProbeShare, encoder.ProxyLearningRate, encoder.Info.LogitScale];
            if (numbers.Any(number => !double.IsFinite(number) || number < 0)) throw Invalid($"encoder '{encoder.Info.Name}' has a share out of range");
            if (!Enum.IsDefined(encoder.ProxyMethod)) throw Invalid($"encoder '{encoder.Info.Name}' has proxies of an unknown method");
        }
        if (manifest.Calibration.Any(stage => !(stage.Temperature > 0) || !double.IsFinite(stage.Temperature) || !double.IsFinite(stage.AbstainBelow)))
            throw Invalid("a calibration is out of range");
    }

    private async Task CheckEncoders(ArchiveManifest manifest, ClassSetPolicy policy, CancellationToken cancellationToken)
    {
        EncoderInfo[] served = [.. (await texts.Compute(policy, [], cancellationToken)).Select(features => features.Encoder)];
        foreach (var encoder in manifest.Encoders) Check(encoder.Info, served, "encoder");
        EncoderInfo[] refiners = [.. new[] { manifest.RefinerBackbone, manifest.Refiner?.Backbone }.OfType<EncoderInfo>()];
        if (refiners.Length == 0) return;
        var refiner = await grains.GetGrain<IDogRefinerGrain>(router.Nearest().Name).GetInfo();
        foreach (var backbone in refiners) Check(backbone, [refiner], "refiner");
    }

    private static void Check(EncoderInfo wanted, EncoderInfo[] served, string what)
    {
        if (served.Any(own => own.Digest == wanted.Digest && own.Dimension == wanted.Dimension)) return;
        throw new FewShotException(
            FewShotErrorCode.ModelUnavailable,
            $"the class set was exported with {what} '{wanted.Name}' of digest {Short(wanted)}; this cluster serves "
            + $"{string.Join(", ", served.Select(own => $"'{own.Name}' of digest {Short(own)}"))}: features of other weights cannot be compared; "
            + "import it where those weights are served, or create the set anew from names and photos");
    }

    private static string Short(EncoderInfo encoder) => encoder.Digest[..Math.Min(12, encoder.Digest.Length)];

    private static FewShotException Invalid(string message) => new(FewShotErrorCode.InvalidArgument, $"the import: {message}");
}
