using static TorchSharp.torch;

namespace FewShotCluster.Vision.Checkpoints;

/// <summary>
/// Reader of torch's stream format (before 1.6; <c>_legacy_save</c> of torch/serialization.py): pickles of a magic number, the protocol
/// version, facts about the machine, the state dict and the storage keys, then each storage as an int64 element count and its bytes.
/// The format has no checksums.
/// </summary>
internal sealed class LegacyTorchReader : Checkpoint
{
    private const long ProtocolVersion = 1001;
    private readonly FileStream file;
    private readonly Dictionary<string, long> starts;

    private LegacyTorchReader(FileStream file, Dictionary<string, long> starts, Dictionary<string, CheckpointTensor> tensors)
        : base(file.Name, tensors)
    {
        this.file = file;
        this.starts = starts;
    }

    /// <summary>The pickle of the format's magic number, 0x1950a86a20f9469cfc6c: the first bytes of every such file.</summary>
    public static ReadOnlySpan<byte> Magic => [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.'];

    public static new LegacyTorchReader Open(string path)
    {
        var file = File.OpenRead(path);
        try
        {
            file.Position = Magic.Length;
            var budget = new MemoryBudget(path, file.Length);
            if (new RestrictedUnpickler(path, file, budget).Load() is not ProtocolVersion)
                throw new CheckpointException($"{path}: a torch stream of another protocol than {ProtocolVersion}");
            var system = new RestrictedUnpickler(path, file, budget).Load() as Dictionary<object, object?>;
            if (system is null || !system.TryGetValue("little_endian", out var little) || little is not true)
                throw new CheckpointException($"{path}: only little-endian checkpoints are supported");
            var unpickler = new RestrictedUnpickler(path, file, budget);
            var tensors = StateDict.Tensors(path, unpickler.Load(), budget);
            var keys = new RestrictedUnpickler(path, file, budget).Load() as List<object?>
                ?? throw new CheckpointException($"{path}: no list of storages");
            var starts = Locate(file, keys, unpickler.Storages);
            foreach (var tensor in tensors.Values)
            {
                var view = (PickleTensor)tensor.Location;
                if (!starts.ContainsKey(view.Storage.Key))
                    throw new CheckpointException($"{path}: tensor '{tensor.Name}' refers to the missing storage {view.Storage.Key}");
                view.Check(path, tensor.Name, view.Storage.Count * view.Storage.ElementSize);
            }
            RefuseRepetition(path, file.Length, tensors.Values);
            return new LegacyTorchReader(file, starts, tensors);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public override void Dispose() => file.Dispose();

    private protected override void Fill(CheckpointTensor tensor, Tensor target)
    {
        var view = (PickleTensor)tensor.Location;
        view.Fill(file.SafeFileHandle, starts[view.Storage.Key], target);
    }

    private static Dictionary<string, long> Locate(FileStream file, List<object?> keys, IReadOnlyDictionary<string, PickleStorage> storages)
    {
        var starts = new Dictionary<string, long>();
        Span<byte> count = stackalloc byte[8];
        foreach (var item in keys)
        {
            if (item is not string key || !storages.TryGetValue(key, out var storage))
                throw new CheckpointException($"{file.Name}: the stream lists a storage '{item}' that no tensor uses");
            file.ReadExactly(count);
            var stored = BitConverter.ToInt64(count);
            var left = (file.Length - file.Position) / storage.ElementSize;
            if (stored != storage.Count || stored < 0 || stored > left)
                throw new CheckpointException($"{file.Name}: storage {key} claims {stored} elements of {storage.Count}, {left} are there");
            if (!starts.TryAdd(key, file.Position)) throw new CheckpointException($"{file.Name}: storage {key} appears twice");
            file.Position += stored * storage.ElementSize;
        }
        return starts;
    }
}
