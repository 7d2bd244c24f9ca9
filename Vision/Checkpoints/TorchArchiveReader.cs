using System.IO.Compression;
using System.IO.Hashing;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Checkpoints;

/// <summary>
/// Reader of torch's zip format (since 1.6): a pickle <c>data.pkl</c> that describes tensors over storage records <c>data/N</c>; also
/// OpenAI's TorchScript archives, whose code is not looked at. Entries outside the archive's folder are ignored, none is written to disk.
/// </summary>
internal sealed class TorchArchiveReader : Checkpoint
{
    private const int MaxPickleBytes = 64 << 20, PickleAllowance = 1 << 20;
    private readonly ZipArchive archive;
    private readonly string prefix;

    private TorchArchiveReader(string path, ZipArchive archive, string prefix, Dictionary<string, CheckpointTensor> tensors)
        : base(path, tensors)
    {
        this.archive = archive;
        this.prefix = prefix;
    }

    public static new TorchArchiveReader Open(string path)
    {
        var archive = ZipFile.OpenRead(path);
        try
        {
            // Readers disagree on which of two records of one name counts.
            if (archive.Entries.CountBy(e => e.FullName).FirstOrDefault(e => e.Value > 1).Key is { } twice)
                throw new CheckpointException($"{path}: the archive has two records '{twice}'");
            var pickles = archive.Entries.Where(e => e.FullName.EndsWith("/data.pkl", StringComparison.Ordinal)).ToList();
            if (pickles.Count != 1)
                throw new CheckpointException($"{path}: a zip archive with {pickles.Count} data.pkl is not a torch checkpoint");
            var prefix = pickles[0].FullName[..^"data.pkl".Length];
            RefuseBigEndian(path, archive.GetEntry(prefix + "byteorder"));

            var fileLength = new FileInfo(path).Length;
            var pickle = ReadRecord(path, pickles[0], Math.Min(MaxPickleBytes, fileLength + PickleAllowance));
            var tensors = StateDict.Tensors(path, new RestrictedUnpickler(path, pickle).Load());
            var reader = new TorchArchiveReader(path, archive, prefix, tensors);
            foreach (var tensor in tensors.Values) reader.Check(tensor);
            RefuseRepetition(path, fileLength, tensors.Values);
            return reader;
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }

    public override void Dispose() => archive.Dispose();

    private protected override Tensor Read(CheckpointTensor tensor)
    {
        var view = (PickleTensor)tensor.Location;
        using var scope = NewDisposeScope();
        using var storage = empty([view.Storage.Count], view.Storage.Dtype);
        var record = archive.GetEntry(prefix + "data/" + view.Storage.Key)!;
        using (var stream = record.Open()) stream.ReadExactly(storage.bytes);
        if (Crc32.HashToUInt32(storage.bytes) != record.Crc32)
            throw new CheckpointException($"{Path}: record {record.FullName} of tensor '{tensor.Name}' does not match its checksum");
        return view.Of(storage).MoveToOuterDisposeScope();
    }

    private void Check(CheckpointTensor tensor)
    {
        var view = (PickleTensor)tensor.Location;
        var record = archive.GetEntry(prefix + "data/" + view.Storage.Key)
            ?? throw new CheckpointException($"{Path}: tensor '{tensor.Name}' refers to the missing record data/{view.Storage.Key}");
        // torch stores its tensors uncompressed; a compressed one is a bomb's way to claim more bytes than the file has.
        if (record.CompressedLength != record.Length)
            throw new CheckpointException(
                $"{Path}: record {record.FullName} is compressed, {record.Length} bytes in {record.CompressedLength}");
        view.Check(Path, tensor.Name, record.Length);
    }

    private static void RefuseBigEndian(string path, ZipArchiveEntry? byteorder)
    {
        if (byteorder is null) return;
        using var order = new StreamReader(ReadRecord(path, byteorder, 16));
        if (order.ReadToEnd() != "little") throw new CheckpointException($"{path}: only little-endian checkpoints are supported");
    }

    private static MemoryStream ReadRecord(string path, ZipArchiveEntry record, long limit)
    {
        if (record.Length > limit) throw new CheckpointException($"{path}: {record.FullName} claims {record.Length} bytes");
        using var stream = record.Open();
        var bytes = new MemoryStream();
        var buffer = new byte[8192];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            // The directory's length is a claim of the file; what is inflated is what counts.
            if (bytes.Length + read > limit) throw new CheckpointException($"{path}: {record.FullName} inflates beyond {limit} bytes");
            bytes.Write(buffer, 0, read);
        }
        bytes.Position = 0;
        return bytes;
    }
}
