using System.IO.Compression;
using System.Text;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Vision.Tokenization;

namespace FewShotCluster.Silo.Commands.Files;

/// <summary>Tokenizers from a merges file.</summary>
internal static class Vocabulary
{
    // Tokens beside the merges: 256 bytes twice, start and end.
    private const int FixedTokens = 514;
    private const int OpenAiTokens = 49408;

    /// <summary>For a model, which knows how many tokens it has.</summary>
    public static ClipTokenizer Load(string path, int tokens, int contextLength) =>
        Usable(path, () => ClipTokenizer.Load(path, tokens, contextLength));

    /// <summary>Without a model: all merges of the file, but no more than OpenAI's models use of theirs.</summary>
    public static ClipTokenizer LoadWhole(string path) =>
        Usable(path, () => ClipTokenizer.Load(path, Math.Min(FixedTokens + CountMerges(path), OpenAiTokens)));

    public static bool IsGzip(string path)
    {
        using var file = File.OpenRead(path);
        return file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
    }

    private static int CountMerges(string path)
    {
        using var file = File.OpenRead(path);
        using Stream content = IsGzip(path) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var reader = new StreamReader(content, Encoding.UTF8);
        var first = reader.ReadLine();
        if (first is null) return 0;
        var isHeader = first.StartsWith("\"bpe_simple_vocab", StringComparison.Ordinal)
            || first.StartsWith("#version", StringComparison.Ordinal);
        var count = isHeader ? 0 : 1;
        while (count < OpenAiTokens && reader.ReadLine() is not null) count++;
        return count;
    }

    private static T Usable<T>(string path, Func<T> load)
    {
        try
        {
            return load();
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FewShotException(FewShotErrorCode.ModelUnavailable, $"{path}: not a usable BPE vocabulary: {e.Message}", inner: e);
        }
    }
}
