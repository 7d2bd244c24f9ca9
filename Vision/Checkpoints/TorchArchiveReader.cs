using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Checkpoints;

/// <summary>
/// Reader of torch's zip format (since 1.6): a pickle <c>data.pkl</c> that describes tensors over storage records <c>data/N</c>; also
/// OpenAI's TorchScript archives, whose code is not looked at. Entries outside the archive's folder are ignored, none is written to disk.
/// </summary>
internal sealed class TorchArchiveReader : Checkpoint
{
    private const int MaxPickleBytes = 64 << 20, PickleAllowance = 1 << 20;
    private readonly SafeFileHandle file;
    private readonly ZipDirectory archive;
    private readonly string prefix;
    private readonly HashSet<string> verified = [];

    private TorchArchiveReader(
        string path, SafeFileHandle file, ZipDirectory archive, string prefix, Dictionary<string, CheckpointTensor> tensors)
        : base(path, tensors) => (this.file, this.archive, this.prefix) = (file, archive, prefix);

    public static new TorchArchiveReader Open(string path)
    {
        var file = File.OpenHandle(path);
        try
        {
            var fileLength = RandomAccess.GetLength(file);
            var budget = new MemoryBudget(path, fileLength);
            var archive = new ZipDirectory(path, file, budget);
            var pickles = archive.Records.Values.Where(r => r.Name.EndsWith("/data.pkl", StringComparison.Ordinal)).ToList();
            if (pickles.Count != 1)
                throw new CheckpointException($"{path}: a zip archive with {pickles.Count} data.pkl is not a torch checkpoint");
            var prefix = pickles[0].Name[..^"data.pkl".Length];
            if (archive.Records.TryGetValue(prefix + "byteorder", out var order)
                && !archive.Bytes(order, 16).AsSpan().SequenceEqual("little"u8))
                throw new CheckpointException($"{path}: only little-endian checkpoints are supported");

            var pickle = archive.Bytes(pickles[0], Math.Min(MaxPickleBytes, fileLength + PickleAllowance));
            var top = new RestrictedUnpickler(path, new MemoryStream(pickle), budget).Load();
            var reader = new TorchArchiveReader(path, file, archive, prefix, StateDict.Tensors(path, top, budget));
            foreach (var tensor in reader.Tensors.Values) reader.Check(tensor);
            RefuseRepetition(path, fileLength, reader.Tensors.Values);
            return reader;
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
        var record = archive.Records[prefix + "data/" + view.Storage.Key];
        view.Fill(file, archive.Start(record), target);
        if (verified.Contains(record.Name)) return;
        // A storage that several tensors share is looked at once, however small their parts of it are.
        if ((view.IsWhole ? Crc32.HashToUInt32(target.bytes) : archive.Checksum(record)) != record.Crc32)
            throw new CheckpointException($"{Path}: record {record.Name} of tensor '{tensor.Name}' does not match its checksum");
        verified.Add(record.Name);
    }

    private void Check(CheckpointTensor tensor)
    {
        var view = (PickleTensor)tensor.Location;
        if (!archive.Records.TryGetValue(prefix + "data/" + view.Storage.Key, out var record))
            throw new CheckpointException($"{Path}: tensor '{tensor.Name}' refers to the missing record data/{view.Storage.Key}");
        // torch stores its tensors uncompressed; a compressed one is a bomb's way to claim more bytes than the file has.
        if (record.Method != 0 || record.StoredLength != record.Length)
            throw new CheckpointException(
                $"{Path}: record {record.Name} is compressed, {record.Length} bytes in {record.StoredLength}");
        view.Check(Path, tensor.Name, record.Length);
    }
}
