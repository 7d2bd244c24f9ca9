using System.Runtime.InteropServices;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets.Archives;

/// <summary>A class set on its way in: its manifest, checked, and as much of its arrays as has come. Held in memory.</summary>
internal sealed class ClassSetImport
{
    private readonly ArchiveManifest _manifest;
    private readonly byte[] _json;
    private readonly ClassRecord[] _classes;
    private readonly ClassSetPolicy _policy;
    private readonly Dictionary<string, Incoming> _arrays = new(StringComparer.Ordinal);

    /// <param name="operationId">The write that it becomes.</param>
    /// <param name="json">The manifest.</param>
    /// <param name="manifest">The same, parsed.</param>
    /// <param name="policy">Its policy, checked.</param>
    /// <param name="classes">Its classes, checked.</param>
    public ClassSetImport(string operationId, byte[] json, ArchiveManifest manifest, ClassSetPolicy policy, ClassRecord[] classes)
    {
        (OperationId, _json, _manifest, _policy, _classes) = (operationId, json, manifest, policy, classes);
        Arrays = ArchiveLayout.Of(manifest);
        foreach (var array in Arrays) _arrays[array.Name] = new Incoming(array);
    }

    public string OperationId { get; }

    public ArchiveArray[] Arrays { get; }

    /// <summary>Takes the next stretch of an array.</summary>
    public void Write(string name, long offset, byte[] bytes)
    {
        if (!_arrays.TryGetValue(name, out var array)) throw Invalid($"the manifest has no array '{name}'");
        array.Write(offset, bytes);
    }

    /// <summary>The write: the content's hash and the state that it makes. CPU work.</summary>
    /// <exception cref="FewShotException">InvalidArgument: something is missing or makes no sense.</exception>
    public (ContentKey Hash, Func<string, ClassSetState?, PreparedWrite> Prepare) Complete()
    {
        foreach (var array in _arrays.Values) array.CheckComplete();
        var hash = RequestHash.OfImport(_json, _arrays.Values.Select(array => ContentKey.Of(array.Bytes)));
        return (hash, Prepare);
    }

    private PreparedWrite Prepare(string classSetId, ClassSetState? before)
    {
        var version = (before?.Version ?? 0) + 1;
        var positions = MemoryMarshal.Cast<byte, int>(Bytes(ArchiveLayout.ShotClasses)).ToArray();
        CheckPositions(positions, ArchiveLayout.ShotClasses, distinct: false);
        var counts = positions.CountBy(position => position).ToDictionary();
        var blocks = new List<Block>();
        var next = new ClassSetState
        {
            ClassSetId = classSetId,
            Version = version,
            Policy = _policy,
            Classes = [.. _classes.Select((c, position) => c with { Shots = counts.GetValueOrDefault(position), Changed = version })],
            RetiredIds = [.. _manifest.RetiredIds.Order()],
            Operations = before?.Operations ?? [],
            Encoders = [.. _manifest.Encoders.Select((encoder, e) => Encoder(encoder, e, version, blocks))],
            Refiner = Refiner(blocks),
            RefinerBackbone = _manifest.RefinerBackbone,
            ShotsChanged = version,
            ProxyBasis = _manifest.ProxyBasis,
            Calibration = _manifest.Calibration,
        };
        next = next with { Shots = Shots(next, positions, blocks) };
        return new PreparedWrite(next, blocks, $"imported from version {_manifest.Version} of '{_manifest.ClassSetId}'");
    }

    private EncoderState Encoder(ManifestEncoder encoder, int e, long version, List<Block> blocks)
    {
        CheckPositions(encoder.FittedClasses, "fittedClasses");
        CheckPositions(encoder.GateClasses, "gateClasses");
        CheckPositions(encoder.ProbeClasses, "probeClasses");
        // Scoring fuses the encoders row by row.
        var first = _manifest.Encoders[0];
        if (!encoder.FittedClasses.SequenceEqual(first.FittedClasses) || !encoder.GateClasses.SequenceEqual(first.GateClasses)
            || !encoder.ProbeClasses.SequenceEqual(first.ProbeClasses))
            throw Invalid("its encoders were fitted on different classes");
        var matrices = ArchiveLayout.Matrices.Select(name => Stored(ArchiveLayout.OfEncoder(e, name), blocks)).ToArray();
        return new EncoderState
        {
            Info = encoder.Info,
            ProxyShare = encoder.ProxyShare,
            ProbeShare = encoder.ProbeShare,
            TextProxies = matrices[0],
            FittedClasses = encoder.FittedClasses,
            Proxies = matrices[1],
            GateClasses = encoder.GateClasses,
            GateProxies = matrices[2],
            ProbeClasses = encoder.ProbeClasses,
            ProbeWeights = matrices[3],
            ProbeBias = matrices[4],
            ProbeAlpha = matrices[5],
            ProbeShots = encoder.ProbeShots,
            ProbeShotsChanged = encoder.ProbeIsCurrent ? version : 0,
            ProxyMethod = encoder.ProxyMethod,
            ProxyLearningRate = encoder.ProxyLearningRate,
        };
    }

    private RefinerState? Refiner(List<Block> blocks)
    {
        if (_manifest.Refiner is not { } head) return null;
        CheckPositions(head.Classes, "the refiner's classes");
        return new RefinerState(
            head.Family, head.Backbone, head.Classes, Stored(ArchiveLayout.RefinerWeights, blocks), Stored(ArchiveLayout.RefinerBias, blocks),
            head.Shots);
    }

    private ShotBatch[] Shots(ClassSetState state, int[] positions, List<Block> blocks)
    {
        var keys = Bytes(ArchiveLayout.ShotKeys);
        var (batches, shot, view) = (new List<ShotBatch>(), 0, 0);
        foreach (var told in _manifest.Shots)
        {
            var classes = positions[shot..(shot + told.Count)];
            // Views lie in the order of the shots that have them: those of the refiner's family.
            if (!classes.Where(state.IsRefined).SequenceEqual(told.ViewClasses)) throw Invalid("the views of its shots are not those of the refiner's family");
            var views = told.ViewClasses.Length * told.ViewsPerShot;
            batches.Add(new ShotBatch
            {
                Classes = classes,
                Keys = [.. Enumerable.Range(shot, told.Count).Select(i => ContentKey.FromBytes(keys.AsSpan(i * 32, 32)))],
                Features = [.. state.Encoders.Select((encoder, e) => Rows(ArchiveLayout.ShotFeatures(e), shot, told.Count, encoder.Info, blocks))],
                ViewClasses = told.ViewClasses,
                ViewsPerShot = told.ViewsPerShot,
                Views = state.RefinerBackbone is { } backbone ? Rows(ArchiveLayout.ShotViews, view, views, backbone, blocks) : StoredBytes.Empty,
            });
            (shot, view) = (shot + told.Count, view + views);
        }
        if (batches.SelectMany(batch => batch.Classes.Zip(batch.Keys)).Distinct().Count() != positions.Length)
            throw Invalid("a class has a shot twice");
        return [.. batches];
    }

    private StoredBytes Rows(string name, int first, int count, EncoderInfo encoder, List<Block> blocks)
    {
        var row = encoder.Dimension * sizeof(float);
        return StoredBytes.New(Finite(name).AsSpan(first * row, count * row).ToArray(), blocks).Released();
    }

    private StoredBytes Stored(string name, List<Block> blocks) => StoredBytes.New(Finite(name), blocks);

    private byte[] Bytes(string name) => _arrays[name].Bytes;

    /// <summary>NaN or infinity would poison scores and fits.</summary>
    private byte[] Finite(string name) => _arrays[name].IsFinite ? Bytes(name) : throw Invalid($"array '{name}' holds NaN or infinity");

    private void CheckPositions(int[] positions, string what, bool distinct = true)
    {
        if (positions.Any(position => position < 0 || position >= _classes.Length)) throw Invalid($"{what}: a position is outside of the classes");
        if (distinct && positions.Distinct().Count() != positions.Length) throw Invalid($"{what}: a position is there twice");
    }

    private static FewShotException Invalid(string message) => new(FewShotErrorCode.InvalidArgument, $"the import: {message}");

    private sealed class Incoming(ArchiveArray array)
    {
        private byte[]? _bytes = array.Length == 0 ? [] : null;
        private long _filled;
        private bool? _isFinite;

        public byte[] Bytes => _bytes!;

        public bool IsFinite => _isFinite ??= AllFinite();

        public void Write(long offset, byte[] bytes)
        {
            if (offset + bytes.Length > array.Length) throw Invalid($"array '{array.Name}' has {array.Length} bytes, more came");
            // Sent again: the answer to it was lost.
            if (offset >= 0 && offset + bytes.Length <= _filled) return;
            if (offset != _filled)
                throw new FewShotException(
                    FewShotErrorCode.Conflict, $"the import: array '{array.Name}' has come up to {_filled}, not {offset}: begin again");
            _bytes ??= new byte[array.Length];
            bytes.CopyTo(_bytes, offset);
            _filled += bytes.Length;
        }

        public void CheckComplete()
        {
            if (_filled != array.Length) throw Invalid($"of array '{array.Name}' {_filled} of {array.Length} bytes have come");
        }

        private bool AllFinite()
        {
            foreach (var value in Bytes.AsFloats())
                if (!float.IsFinite(value)) return false;
            return true;
        }
    }
}
