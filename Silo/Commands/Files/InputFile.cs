using System.Text;
using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Numerics;

namespace FewShotCluster.Silo.Commands.Files;

/// <summary>Files that a verb is given; one that cannot be used is a wrong argument.</summary>
internal static class InputFile
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Lines of a UTF-8 file, blank ones too; the line end after the last line begins no other.</summary>
    public static IReadOnlyList<string> ReadTexts(string path)
    {
        string content;
        try
        {
            content = Reading(path, () => File.ReadAllText(path, Strict));
        }
        catch (DecoderFallbackException e)
        {
            throw LocalVerb.Invalid($"{path}: not UTF-8 text (byte {e.Index}): save it as UTF-8", e);
        }
        var lines = content.TrimStart('\uFEFF').Split('\n');
        if (lines[^1].Length == 0) lines = lines[..^1];
        if (lines.Length == 0) throw LocalVerb.Invalid($"{path}: no texts; one a line is expected");
        return [.. lines.Select(line => line.EndsWith('\r') ? line[..^1] : line)];
    }

    public static NpyArray ReadArray(string path) => Reading(path, () => NpyArray.Read(path));

    /// <summary>The bytes of a picture; one beyond the limits is not read.</summary>
    /// <exception cref="ImageTooLargeException">Too many bytes.</exception>
    public static byte[] ReadImage(string path)
    {
        var (length, most) = (new FileInfo(path).Length, ImageLimits.Default.MaxBytes);
        return length <= most
            ? File.ReadAllBytes(path)
            : throw new ImageTooLargeException($"image of {length} bytes, at most {most} are accepted");
    }

    public static T Reading<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LocalVerb.Invalid($"{path}: {e.Message}", e);
        }
    }
}
