using System.Text;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Output;

/// <summary>Results of a verb: complete under their name or not there at all.</summary>
internal static class OutputFile
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Refuses a place that cannot be written to, before the work begins.</summary>
    public static void Check(string option, string path)
    {
        if (Directory.Exists(path)) throw Invalid($"{option} {path} is a folder: name a file");
        if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))))
            throw Invalid($"{option} {path}: there is no such folder");
    }

    /// <summary>
    /// Writes beside the target and renames. It takes no token: Ctrl-C ends the work before the file or after it, and a report is
    /// worth having even then.
    /// </summary>
    public static void Write(string path, string content) => WriteAsync(
        path,
        file =>
        {
            file.Write(Utf8.GetBytes(content));
            return Task.FromResult(true);
        }).GetAwaiter().GetResult();

    /// <summary>The same for what is written piece by piece; when that fails, what was there before stays.</summary>
    public static async Task<T> WriteAsync<T>(string path, Func<Stream, Task<T>> write)
    {
        var full = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(full)!;
        if (folder == "/dev")
        {
            // A rename would put a file in the device's place.
            await using var device = File.OpenWrite(full);
            return await write(device);
        }
        var temporary = Path.Combine(folder, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
        try
        {
            T result;
            await using (var file = File.Create(temporary))
            {
                result = await write(file);
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, full, overwrite: true);
            return result;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static FewShotException Invalid(string message) => new(FewShotErrorCode.InvalidArgument, message);
}
