using System.Text.Json;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Checkpoints;

/// <summary>
/// Reader of safetensors files: eight bytes of header length, a JSON header naming dtype, shape and byte range of every tensor,
/// then the data without holes or overlaps (format: huggingface/safetensors README).
/// </summary>
internal sealed class SafetensorsReader : Checkpoint
{
    private const int MaxHeaderBytes = 32 << 20;
    private readonly FileStream file;
    private readonly long dataStart;

    private SafetensorsReader(FileStream file, long dataStart, Dictionary<string, CheckpointTensor> tensors) : base(file.Name, tensors)
    {
        this.file = file;
        this.dataStart = dataStart;
    }

    public static new SafetensorsReader Open(string path)
    {
        var file = File.OpenRead(path);
        try
        {
            Span<byte> lengthBytes = stackalloc byte[8];
            if (file.ReadAtLeast(lengthBytes, 8, throwOnEndOfStream: false) < 8)
                throw new CheckpointException($"{path}: {file.Length} bytes are neither a torch archive nor safetensors");
            var length = BitConverter.ToUInt64(lengthBytes);
            if (length is < 2 or > MaxHeaderBytes || (long)length > file.Length - 8)
                throw new CheckpointException(
                    $"{path}: neither a torch archive, a torch stream nor safetensors (header length {length} of {file.Length} bytes)");
            var header = new byte[length];
            file.ReadExactly(header);
            var dataStart = 8 + (long)length;
            return new SafetensorsReader(file, dataStart, ParseHeader(path, header, file.Length - dataStart));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public override void Dispose() => file.Dispose();

    private protected override Tensor Read(CheckpointTensor tensor)
    {
        var (begin, end) = ((long, long))tensor.Location;
        var result = empty(tensor.Shape, tensor.Dtype);
        if (end > begin)
        {
            file.Position = dataStart + begin;
            file.ReadExactly(result.bytes);
        }
        return result;
    }

    private static Dictionary<string, CheckpointTensor> ParseHeader(string path, byte[] header, long dataLength)
    {
        var tensors = new Dictionary<string, CheckpointTensor>();
        try
        {
            using var json = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 8 });
            foreach (var entry in json.RootElement.EnumerateObject())
            {
                if (entry.Name == "__metadata__") continue;
                var shape = entry.Value.GetProperty("shape").EnumerateArray().Select(n => n.GetInt64()).ToArray();
                var range = entry.Value.GetProperty("data_offsets").EnumerateArray().Select(n => n.GetInt64()).ToArray();
                var (dtype, size) = Dtype(path, entry.Name, entry.Value.GetProperty("dtype").GetString());
                var bytes = ElementCount(path, entry.Name, shape) * size;
                if (range.Length != 2 || range[0] < 0 || range[1] < range[0] || range[1] > dataLength
                    || bytes > int.MaxValue || range[1] - range[0] != bytes)
                    throw new CheckpointException(
                        $"{path}: tensor '{entry.Name}' needs {bytes} bytes, its range is [{string.Join(", ", range)}] of {dataLength}");
                if (!tensors.TryAdd(entry.Name, new CheckpointTensor(entry.Name, dtype, shape, (range[0], range[1]))))
                    throw new CheckpointException($"{path}: tensor '{entry.Name}' appears twice");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException
                                      or ArgumentException)
        {
            throw new CheckpointException($"{path}: unreadable safetensors header: {e.Message}", e);
        }

        var end = 0L;
        foreach (var (begin, stop) in tensors.Values.Select(t => ((long, long))t.Location).Order())
        {
            if (begin != end) throw new CheckpointException($"{path}: tensors overlap or leave a hole at byte {end}");
            end = stop;
        }
        return end == dataLength
            ? tensors
            : throw new CheckpointException($"{path}: the tensors end at byte {end}, the data at byte {dataLength}");
    }

    private static (ScalarType Type, int Size) Dtype(string path, string name, string? dtype) => dtype switch
    {
        "F64" => (ScalarType.Float64, 8),
        "F32" => (ScalarType.Float32, 4),
        "F16" => (ScalarType.Float16, 2),
        "BF16" => (ScalarType.BFloat16, 2),
        "I64" => (ScalarType.Int64, 8),
        "I32" => (ScalarType.Int32, 4),
        "U8" => (ScalarType.Byte, 1),
        "BOOL" => (ScalarType.Bool, 1),
        _ => throw new CheckpointException($"{path}: tensor '{name}' has the unsupported dtype '{dtype}'"),
    };
}
