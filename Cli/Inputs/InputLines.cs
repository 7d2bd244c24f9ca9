using System.Text;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Inputs;

/// <summary>A line of an input file with its number, for messages.</summary>
internal readonly record struct InputLine(string File, int Number, string Text)
{
    public FewShotException Error(string problem) => new(FewShotErrorCode.InvalidArgument, $"{File}, line {Number}: {problem}");
}

/// <summary>Reads UTF-8 text files: trimmed lines, empty ones left out, invalid bytes an error rather than a wrong name.</summary>
internal static class InputLines
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static IReadOnlyList<InputLine> Read(string path)
    {
        try
        {
            return Parse(path, File.ReadAllText(path, Strict));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FewShotException(FewShotErrorCode.InvalidArgument, $"{path}: {e.Message}", inner: e);
        }
        catch (DecoderFallbackException e)
        {
            throw new FewShotException(FewShotErrorCode.InvalidArgument, $"{path}: not UTF-8 text (byte {e.Index}): save it as UTF-8", inner: e);
        }
    }

    public static IReadOnlyList<InputLine> Parse(string path, string content) =>
        [.. content.Split('\n').Select((text, i) => new InputLine(path, i + 1, text.Trim().TrimStart('\uFEFF'))).Where(l => l.Text.Length > 0)];
}
