using System.IO.Compression;
using System.IO.Hashing;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Checkpoints;

/// <summary>
/// Reader of torch's zip format: a pickle <c>data.pkl</c> that describes tensors over storage records <c>data/N</c>. State dicts
/// (plain or under <c>model</c> / <c>state_dict</c>) and OpenAI's TorchScript archives, whose module tree is flattened to dotted
/// names; the archive's code is not looked at.
/// </summary>
internal sealed class TorchArchiveReader : Checkpoint
{
    private const int MaxPickleBytes = 64 << 20, MaxModuleDepth = 64;
    private static readonly string[] StateDictKeys = ["model", "state_dict"];
    private readonly ZipArchive archive;
    private readonly string prefix;

    private TorchArchiveReader(string path, ZipArchive archive, string prefix, Dictionary<string, CheckpointTensor> tensors) : base(path, tensors)
    {
        this.archive = archive;
        this.prefix = prefix;
    }

    public static new TorchArchiveReader Open(string path)
    {
        ZipArchive? archive = null;
        try
        {
            archive = ZipFile.OpenRead(path);
            var record = archive.Entries.SingleOrDefault(e => e.FullName.EndsWith("/data.pkl", StringComparison.Ordinal))
                ?? throw new CheckpointException($"{path}: a zip archive without data.pkl is not a torch checkpoint");
            if (record.Length > MaxPickleBytes) throw new CheckpointException($"{path}: data.pkl claims {record.Length} bytes");
            var prefix = record.FullName[..^"data.pkl".Length];
            var top = new RestrictedUnpickler(path, ReadRecord(path, record)).Load();

            var tensors = new Dictionary<string, CheckpointTensor>();
            Collect(path, Root(path, top), "", 0, tensors);
            var reader = new TorchArchiveReader(path, archive, prefix, tensors);
            foreach (var tensor in tensors.Values) reader.Check(tensor);
            return reader;
        }
        catch (InvalidDataException e)
        {
            archive?.Dispose();
            throw new CheckpointException($"{path}: damaged or truncated zip archive: {e.Message}", e);
        }
        catch
        {
            archive?.Dispose();
            throw;
        }
    }

    public override void Dispose() => archive.Dispose();

    private protected override Tensor Read(CheckpointTensor tensor)
    {
        var view = (PickleTensor)tensor.Location;
        using var scope = NewDisposeScope();
        var storage = empty([view.Storage.Count], view.Storage.Dtype);
        var record = archive.GetEntry(prefix + "data/" + view.Storage.Key)!;
        using (var stream = record.Open()) stream.ReadExactly(storage.bytes);
        if (Crc32.HashToUInt32(storage.bytes) != record.Crc32)
            throw new CheckpointException($"{Path}: record {record.FullName} of tensor '{tensor.Name}' does not match its checksum");
        return storage.as_strided(view.Shape, view.Strides, view.Offset).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>Checks that a view lies within its storage and the storage within an uncompressed record of the right size.</summary>
    private void Check(CheckpointTensor tensor)
    {
        var view = (PickleTensor)tensor.Location;
        var record = archive.GetEntry(prefix + "data/" + view.Storage.Key)
            ?? throw new CheckpointException($"{Path}: tensor '{tensor.Name}' refers to the missing record data/{view.Storage.Key}");
        var size = view.Storage.Dtype switch
        {
            ScalarType.Float64 or ScalarType.Int64 => 8,
            ScalarType.Float32 or ScalarType.Int32 => 4,
            ScalarType.Float16 or ScalarType.BFloat16 => 2,
            _ => 1,
        };
        if (view.Storage.Count < 0 || record.Length / size != view.Storage.Count || record.Length % size != 0 || record.CompressedLength != record.Length)
            throw new CheckpointException(
                $"{Path}: record {record.FullName} has {record.Length} bytes for {view.Storage.Count} elements of {view.Storage.Dtype}");

        var count = ElementCount(Path, tensor.Name, view.Shape);
        if (view.Shape.Length != view.Strides.Length || view.Offset < 0 || view.Strides.Any(s => s < 0))
            throw new CheckpointException($"{Path}: tensor '{tensor.Name}' has an impossible view");
        Int128 last = view.Offset;
        for (var i = 0; i < view.Shape.Length; i++) last += (Int128)(view.Shape[i] - 1) * view.Strides[i];
        // An expanded view (stride 0) could claim far more elements than the file holds.
        if (count > 0 && (last >= view.Storage.Count || count > view.Storage.Count))
            throw new CheckpointException($"{Path}: tensor '{tensor.Name}' reaches outside its storage");
    }

    private static object Root(string path, object? top)
    {
        if (top is PickleObject { Attributes: { } attributes }) return attributes;
        if (top is not Dictionary<object, object?> state) throw new CheckpointException($"{path}: the pickle holds no state dict");
        foreach (var key in StateDictKeys)
            if (state.TryGetValue(key, out var inner) && inner is Dictionary<object, object?> nested)
                return nested;
        return state;
    }

    private static void Collect(string path, object node, string name, int depth, Dictionary<string, CheckpointTensor> tensors)
    {
        if (depth > MaxModuleDepth) throw new CheckpointException($"{path}: modules nested deeper than {MaxModuleDepth}");
        foreach (var (key, value) in (Dictionary<object, object?>)node)
        {
            var child = name + key;
            if (value is PickleTensor tensor)
                tensors[child] = new CheckpointTensor(child, tensor.Storage.Dtype, tensor.Shape, tensor);
            else if (value is PickleObject { Attributes: { } attributes })
                Collect(path, attributes, child + ".", depth + 1, tensors);
        }
    }

    private static byte[] ReadRecord(string path, ZipArchiveEntry record)
    {
        using var stream = record.Open();
        using var bytes = new MemoryStream((int)Math.Min(record.Length, 1 << 20));
        var buffer = new byte[81920];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            // The directory's length is a claim of the file; what is inflated is what counts.
            if (bytes.Length + read > MaxPickleBytes) throw new CheckpointException($"{path}: data.pkl inflates beyond {MaxPickleBytes} bytes");
            bytes.Write(buffer, 0, read);
        }
        return bytes.ToArray();
    }
}
