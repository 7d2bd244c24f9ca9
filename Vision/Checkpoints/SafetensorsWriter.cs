using System.Text.Json;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Checkpoints;

/// <summary>Writes named tensors as a safetensors file.</summary>
public static class SafetensorsWriter
{
    /// <summary>
    /// Writes the tensors in ordinal order of their names; floating-point ones as <paramref name="floatType"/>, others as they are.
    /// </summary>
    /// <param name="path">The file; replaced.</param>
    /// <param name="tensors">Name to tensor of any device; not modified.</param>
    /// <param name="floatType">float32, float16 or bfloat16.</param>
    public static void Write(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, ScalarType floatType = ScalarType.Float32)
    {
        using var scope = NewDisposeScope();
        var ordered = tensors
            .OrderBy(t => t.Key, StringComparer.Ordinal)
            .Select(t => (t.Key, Value: (t.Value.is_floating_point() ? t.Value.detach().to(floatType) : t.Value.detach()).cpu().contiguous()))
            .ToList();

        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            var offset = 0L;
            foreach (var (name, value) in ordered)
            {
                var bytes = value.numel() * value.element_size();
                json.WriteStartObject(name);
                json.WriteString("dtype", DtypeName(value.dtype));
                WriteArray(json, "shape", value.shape);
                WriteArray(json, "data_offsets", [offset, offset + bytes]);
                json.WriteEndObject();
                offset += bytes;
            }
            json.WriteEndObject();
        }
        while (header.Length % 8 != 0) header.WriteByte((byte)' ');

        using var file = File.Create(path);
        file.Write(BitConverter.GetBytes((ulong)header.Length));
        header.WriteTo(file);
        foreach (var (_, value) in ordered) file.Write(value.bytes);
    }

    private static void WriteArray(Utf8JsonWriter json, string name, long[] values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteNumberValue(value);
        json.WriteEndArray();
    }

    private static string DtypeName(ScalarType type) => type switch
    {
        ScalarType.Float64 => "F64",
        ScalarType.Float32 => "F32",
        ScalarType.Float16 => "F16",
        ScalarType.BFloat16 => "BF16",
        ScalarType.Int64 => "I64",
        ScalarType.Int32 => "I32",
        ScalarType.Byte => "U8",
        ScalarType.Bool => "BOOL",
        _ => throw new ArgumentException($"safetensors has no dtype for {type}"),
    };
}
