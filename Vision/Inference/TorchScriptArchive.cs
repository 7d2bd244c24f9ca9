using System.IO.Compression;
using System.Reflection;
using System.Text;

namespace FewShotCluster.Vision.Inference;

/// <summary>
/// A TorchScript archive made in memory from source that is embedded in this assembly. It reaches operators that TorchSharp does not
/// bind (oneDNN's prepacked and fused ones), which compiling from a string does not. Only our own source is ever loaded this way.
/// </summary>
internal static class TorchScriptArchive
{
    private const string Header = "class Kernels(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n";

    /// <summary>The bytes of an archive whose module <c>Kernels</c> has the methods of the named source files, in their order.</summary>
    public static byte[] Of(params string[] sources)
    {
        var code = new StringBuilder(Header);
        foreach (var source in sources) code.Append(Read(source)).Append('\n');
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add(zip, "data.pkl", ModulePickle());
            Add(zip, "code/__torch__.py", Encoding.UTF8.GetBytes(code.ToString()));
            Add(zip, "constants.pkl", [0x80, 2, (byte)')', (byte)'.']); // an empty tuple
            Add(zip, "version", "3\n"u8.ToArray());
        }
        return bytes.ToArray();
    }

    private static void Add(ZipArchive zip, string name, byte[] content)
    {
        // Torch reads stored records only.
        using var entry = zip.CreateEntry("kernels/" + name, CompressionLevel.NoCompression).Open();
        entry.Write(content);
    }

    /// <summary>Pickle (protocol 2) of a __torch__.Kernels object with the state {"training": False}.</summary>
    private static byte[] ModulePickle() =>
    [
        0x80, 2, .. "c__torch__\nKernels\n"u8, (byte)')', 0x81, (byte)'}', (byte)'X', 8, 0, 0, 0, .. "training"u8, 0x89, (byte)'s',
        (byte)'b', (byte)'.',
    ];

    private static string Read(string source)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("Inference." + source)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
