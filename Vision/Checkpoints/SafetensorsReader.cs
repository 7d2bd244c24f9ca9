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

    private protected override void Fill(CheckpointTensor tensor, Tensor target)
    {
        var (begin, end) = ((long, long))tensor.Location;
        if (end > begin) FileBytes.ReadExactly(file.SafeFileHandle, target.bytes, dataStart + begin);
    }

    private static Dictionary<string, CheckpointTensor> ParseHeader(string path, byte[] header, long dataLength)
    {
        var tensors = new Dictionary<string, CheckpointTensor>();
        var budget = new MemoryBudget(path, header.Length + dataLength);
        try
        {
            // Token by token: a document object would take six times the header.
            var json = new Utf8JsonReader(header, new JsonReaderOptions { MaxDepth = 8 });
            Next(ref json, JsonTokenType.StartObject);
            while (json.Read() && json.TokenType != JsonTokenType.EndObject)
            {
                var name = Text(ref json);
                if (name == "__metadata__")
                {
                    json.Skip();
                    continue;
                }
                budget.Spend(400 + 2L * name.Length);
                if (!tensors.TryAdd(name, ParseTensor(ref json, path, name, dataLength)))
                    throw new CheckpointException($"{path}: tensor '{name}' appears twice");
            }
            json.Read(); // whatever follows the object is refused
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
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

    private static CheckpointTensor ParseTensor(ref Utf8JsonReader json, string path, string name, long dataLength)
    {
        (string Dtype, long[] Shape, long[] Range) given = ("", [], []);
        Next(ref json, JsonTokenType.StartObject);
        while (json.Read() && json.TokenType != JsonTokenType.EndObject)
        {
            var property = Text(ref json);
            json.Read();
            if (property == "dtype") given.Dtype = Text(ref json);
            else if (property == "shape") given.Shape = Integers(ref json);
            else if (property == "data_offsets") given.Range = Integers(ref json);
            else json.Skip();
        }
        var (dtype, size) = Dtype(path, name, given.Dtype);
        var bytes = ElementCount(path, name, given.Shape) * size;
        if (given.Range is not [var begin, var end] || begin < 0 || end < begin || end > dataLength
            || bytes > int.MaxValue || end - begin != bytes)
            throw new CheckpointException(
                $"{path}: tensor '{name}' needs {bytes} bytes, its range is [{string.Join(", ", given.Range)}] of {dataLength}");
        return new CheckpointTensor(name, dtype, given.Shape, (begin, end));
    }

    private static void Next(ref Utf8JsonReader json, JsonTokenType type)
    {
        if (!json.Read() || json.TokenType != type) throw new JsonException($"{type} expected, not {json.TokenType}");
    }

    private static string Text(ref Utf8JsonReader json) => json.ValueSpan.Length <= MemoryBudget.MaxNameLength
        ? json.GetString() ?? throw new JsonException("a name is null")
        : throw new JsonException($"a name of {json.ValueSpan.Length} bytes");

    private static long[] Integers(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartArray) throw new JsonException($"numbers expected, not {json.TokenType}");
        var values = new List<long>();
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (values.Count == MaxAxes) throw new JsonException($"more than {MaxAxes} numbers");
            values.Add(json.GetInt64());
        }
        return [.. values];
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
