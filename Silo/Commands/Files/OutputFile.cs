using System.Text.Json;
using FewShotCluster.Vision.Numerics;

namespace FewShotCluster.Silo.Commands.Files;

/// <summary>Results of a verb: complete under their name or not there at all.</summary>
internal static class OutputFile
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Refuses a place that cannot be written to before the work begins.</summary>
    public static void Check(string option, string? path)
    {
        if (path is null or "-") return;
        var full = Path.GetFullPath(path);
        if (Directory.Exists(full)) throw LocalVerb.Invalid($"{option} {path} is a folder; name a file");
        if (!Directory.Exists(Path.GetDirectoryName(full))) throw LocalVerb.Invalid($"{option} {path}: there is no such folder");
    }

    public static void Write(string path, NpyArray array) => Write(path, array.Write);

    /// <summary>Writes a report; <c>-</c> is standard output, null nowhere.</summary>
    public static void WriteJson<T>(string? path, T report)
    {
        if (path == "-")
        {
            using var output = Console.OpenStandardOutput();
            WriteLine(output);
        }
        else if (path is not null)
        {
            Write(path, WriteLine);
        }

        void WriteLine(Stream stream)
        {
            JsonSerializer.Serialize(stream, report, Json);
            stream.WriteByte((byte)'\n');
        }
    }

    /// <summary>Writes beside the target and renames.</summary>
    public static void Write(string path, Action<Stream> content)
    {
        var full = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(full)!;
        if (folder == "/dev")
        {
            // A rename would put a file in the device's place.
            using var device = File.OpenWrite(full);
            content(device);
            return;
        }
        var temporary = TemporaryBeside(full);
        try
        {
            using (var file = File.Create(temporary))
            {
                content(file);
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, full, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>A free name in the same folder, so that renaming to the target is one step.</summary>
    public static string TemporaryBeside(string path)
    {
        var full = Path.GetFullPath(path);
        return Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
    }
}
