using System.Runtime.InteropServices;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets.Archives;

/// <summary>One version of a class set as manifest and arrays; arrays are read in stretches, of the store's blocks only those needed.</summary>
internal sealed class ClassSetExport
{
    private readonly ClassSetRepository _repository;
    private readonly Dictionary<string, (ArchiveArray Array, StoredBytes[] Parts)> _arrays = new(StringComparer.Ordinal);

    public ClassSetExport(ClassSetState state, ClassSetRepository repository)
    {
        _repository = repository;
        var manifest = Manifest(state);
        Archive = new ClassSetArchive(state.Version, manifest.ToJson(), ArchiveLayout.Of(manifest));
        foreach (var array in Archive.Arrays) _arrays[array.Name] = (array, Parts(state, array.Name));
    }

    public ClassSetArchive Archive { get; }

    public async Task<byte[]> Read(string name, long offset, int count, CancellationToken cancellationToken)
    {
        if (!_arrays.TryGetValue(name, out var found))
            throw new FewShotException(FewShotErrorCode.InvalidArgument, $"the export has no array '{name}'");
        if (offset < 0 || count < 0 || offset + count > found.Array.Length)
            throw new FewShotException(
                FewShotErrorCode.InvalidArgument, $"'{name}' has {found.Array.Length} bytes, not {count} from {offset} on");
        var bytes = new byte[count];
        var filled = 0;
        foreach (var part in found.Parts)
        {
            if (filled == count) break;
            var length = part.Payload.Length;
            if (offset >= length)
            {
                offset -= length;
                continue;
            }
            var stretch = await _repository.Read(part, (int)offset, (int)Math.Min(count - filled, length - offset), cancellationToken);
            stretch.CopyTo(bytes, filled);
            (filled, offset) = (filled + stretch.Length, 0);
        }
        return bytes;
    }

    private static ArchiveManifest Manifest(ClassSetState state) => new()
    {
        Format = ArchiveManifest.FormatName,
        FormatVersion = ArchiveManifest.FormatNumber,
        ClassSetId = state.ClassSetId,
        Version = state.Version,
        Policy = state.Policy,
        Classes = [.. state.Classes.Select(c => new ClassDefinition(c.Name, c.Id, c.Family, c.Prompt))],
        RetiredIds = state.RetiredIds,
        Encoders =
        [
            .. state.Encoders.Select(encoder => new ManifestEncoder
            {
                Info = encoder.Info,
                ProxyShare = encoder.ProxyShare,
                ProbeShare = encoder.ProbeShare,
                FittedClasses = encoder.FittedClasses,
                ProxyMethod = encoder.ProxyMethod,
                ProxyLearningRate = encoder.ProxyLearningRate,
                GateClasses = encoder.GateClasses,
                ProbeClasses = encoder.ProbeClasses,
                ProbeShots = encoder.ProbeShots,
                ProbeIsCurrent = encoder.ProbeClasses.Length > 0 && encoder.ProbeShotsChanged == state.ShotsChanged,
            }),
        ],
        Refiner = state.Refiner is { } head ? new ManifestRefiner(head.Family, head.Backbone, head.Classes, head.Shots) : null,
        RefinerBackbone = state.RefinerBackbone,
        Shots = [.. state.Shots.Select(batch => new ManifestShots(batch.Classes.Length, batch.ViewClasses, batch.ViewsPerShot))],
        ProxyBasis = state.ProxyBasis,
        Calibration = state.Calibration,
    };

    private static StoredBytes[] Parts(ClassSetState state, string name)
    {
        switch (name)
        {
            case ArchiveLayout.ShotClasses:
                return [Inline(MemoryMarshal.AsBytes<int>(state.Shots.SelectMany(batch => batch.Classes).ToArray()).ToArray())];
            case ArchiveLayout.ShotKeys:
                return [Inline([.. state.Shots.SelectMany(batch => batch.Keys).SelectMany(key => key.ToBytes())])];
            case ArchiveLayout.ShotViews:
                return [.. state.Shots.Select(batch => batch.Views)];
            case ArchiveLayout.RefinerWeights:
                return [state.Refiner!.Weights];
            case ArchiveLayout.RefinerBias:
                return [state.Refiner!.Bias];
        }
        for (var e = 0; e < state.Encoders.Length; e++)
        {
            if (name == ArchiveLayout.ShotFeatures(e)) return [.. state.Shots.Select(batch => batch.Features[e])];
            var encoder = state.Encoders[e];
            StoredBytes[] matrices =
            [
                encoder.TextProxies, encoder.Proxies, encoder.GateProxies, encoder.ProbeWeights, encoder.ProbeBias, encoder.ProbeAlpha,
            ];
            for (var i = 0; i < matrices.Length; i++)
                if (name == ArchiveLayout.OfEncoder(e, ArchiveLayout.Matrices[i])) return [matrices[i]];
        }
        throw new FewShotException(FewShotErrorCode.Internal, $"the layout names '{name}', which no state has");
    }

    private static StoredBytes Inline(byte[] bytes) => StoredBytes.New(bytes, []);
}
