using System.IO.Compression;
using System.Text;

namespace FewShotCluster.Bench.Robustness;

/// <summary>Writes small float32 state dicts as torch does, in its zip and its stream format.</summary>
internal static class TorchFiles
{
    public static readonly Dictionary<string, (float[] Values, int[] Shape)> Sample = new()
    {
        ["a.weight"] = ([1, 2, 3, 4, 5, 6], [2, 3]),
        ["a.bias"] = ([7, 8], [2]),
        ["scale"] = ([9], []),
    };

    public static void WriteZip(
        string path, Dictionary<string, (float[] Values, int[] Shape)> tensors, params (string, byte[])[] more) => WriteArchive(
        path,
        [
            ("archive/data.pkl", StateDict(tensors, stream: false)),
            .. tensors.Values.Select((tensor, index) => ($"archive/data/{index}", Bytes(tensor.Values))),
            .. more,
        ]);

    /// <summary>Many tensors over the one storage of the first.</summary>
    public static void WriteRepeated(string path, int elements, int times)
    {
        var tensors = Enumerable.Range(0, times).ToDictionary(i => $"t{i}", _ => (new float[elements], new[] { elements }));
        WriteArchive(path, ("archive/data.pkl", StateDict(tensors, stream: false, _ => 0)), ("archive/data/0", new byte[4 * elements]));
    }

    public static void WriteArchive(string path, params (string Name, byte[] Bytes)[] records)
    {
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var (name, bytes) in records)
        {
            using var entry = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
            entry.Write(bytes);
        }
    }

    public static void WriteStream(string path, Dictionary<string, (float[] Values, int[] Shape)> tensors)
    {
        using var file = new BinaryWriter(File.Create(path));
        file.Write(Convert.FromHexString("80028a0a6cfc9c46f9206aa850192e")); // magic number
        file.Write(Convert.FromHexString("80024de9032e"));                   // protocol 1001
        file.Write([0x80, 2, (byte)'}', .. Text("little_endian"), 0x88, (byte)'s', (byte)'.']);
        file.Write(StateDict(tensors, stream: true));
        var keys = Enumerable.Range(0, tensors.Count).SelectMany(i => Text($"{i}"));
        file.Write([0x80, 2, (byte)']', (byte)'(', .. keys, (byte)'e', (byte)'.']);
        foreach (var tensor in tensors.Values)
        {
            file.Write((long)tensor.Values.Length);
            file.Write(Bytes(tensor.Values));
        }
    }

    private static byte[] StateDict(Dictionary<string, (float[] Values, int[] Shape)> tensors, bool stream, Func<int, int>? storage = null)
    {
        var p = new List<byte> { 0x80, 2, (byte)'}', (byte)'(' };
        foreach (var (index, (name, (values, shape))) in tensors.Index())
        {
            var strides = new int[shape.Length];
            for (int i = shape.Length - 1, step = 1; i >= 0; step *= shape[i--]) strides[i] = step;
            byte[] persistentId =
            [
                (byte)'(', .. Text("storage"), .. "ctorch\nFloatStorage\n"u8, .. Text($"{storage?.Invoke(index) ?? index}"), .. Text("cpu"),
                .. Number(values.Length),
                .. stream ? "N"u8 : [], (byte)'t', (byte)'Q',
            ];
            p.AddRange([.. Text(name), .. "ctorch._utils\n_rebuild_tensor_v2\n("u8, .. persistentId]);
            p.AddRange([.. Number(0), .. Tuple(shape), .. Tuple(strides)]);
            p.AddRange([0x89, (byte)'}', (byte)'t', (byte)'R']);
        }
        p.AddRange("u."u8);
        return [.. p];
    }

    private static byte[] Text(string text) => [(byte)'X', .. BitConverter.GetBytes(text.Length), .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Number(int value) => [(byte)'J', .. BitConverter.GetBytes(value)];

    private static byte[] Tuple(int[] values) => [(byte)'(', .. values.SelectMany(Number), (byte)'t'];

    private static byte[] Bytes(float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}
