using System.IO.Compression;
using System.Text;

namespace FewShotCluster.Vision.Tokenization;

/// <summary>
/// The vocabulary that a list of merges defines (openai/CLIP, simple_tokenizer.py): 256 byte symbols, the same at the end of a word,
/// one token a merge, the two special tokens.
/// </summary>
internal static class ClipVocabulary
{
    public const string EndOfWord = "</w>";

    /// <summary>Tokens that are no merges: the byte symbols twice and the two special tokens.</summary>
    public const int FixedTokens = 514;

    /// <summary>Reads a file's merges, at most the first <paramref name="limit"/>; gzip is recognised by its content.</summary>
    public static List<string> ReadMerges(string path, int limit)
    {
        using var file = File.OpenRead(path);
        var isGzip = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
        file.Position = 0;
        using Stream content = isGzip ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var reader = new StreamReader(content, new UTF8Encoding(false, throwOnInvalidBytes: true));
        var merges = new List<string>();
        try
        {
            for (var first = true; merges.Count < limit && reader.ReadLine() is { } line; first = false)
            {
                // OpenAI's first line is a version in quotes, other tools' "#version: ..."; "# x" may also be a merge.
                if (first && IsHeader(line)) continue;
                merges.Add(line);
            }
        }
        catch (Exception e) when (e is DecoderFallbackException or InvalidDataException)
        {
            throw new InvalidDataException($"{Path.GetFileName(path)} is not a list of merges: {e.Message}", e);
        }
        return merges;
    }

    private static bool IsHeader(string line) =>
        line.StartsWith("\"bpe_simple_vocab", StringComparison.Ordinal) || line.StartsWith("#version", StringComparison.Ordinal);

    /// <summary>Token to id. Throws <see cref="InvalidDataException"/> where a merge is malformed or repeats a token.</summary>
    public static Dictionary<string, int> Build(IReadOnlyList<string> merges)
    {
        var vocabulary = new Dictionary<string, int>(merges.Count + FixedTokens, StringComparer.Ordinal);
        var symbols = ByteSymbols();
        foreach (var symbol in symbols) vocabulary.Add(symbol.ToString(), vocabulary.Count);
        foreach (var symbol in symbols) vocabulary.Add(symbol + EndOfWord, vocabulary.Count);
        foreach (var merge in merges)
        {
            if (merge.Split(' ') is not [{ Length: > 0 } left, { Length: > 0 } right])
                throw new InvalidDataException($"'{merge}' is not a merge: expected two symbols with a blank between them");
            if (!vocabulary.ContainsKey(left) || !vocabulary.ContainsKey(right))
                throw new InvalidDataException($"merge '{merge}' joins a symbol that no earlier line makes");
            if (!vocabulary.TryAdd(left + right, vocabulary.Count))
                throw new InvalidDataException($"merge '{merge}' makes a token that exists already");
        }
        vocabulary.Add(ClipPreTokenizer.StartOfText, vocabulary.Count);
        vocabulary.Add(ClipPreTokenizer.EndOfText, vocabulary.Count);
        return vocabulary;
    }

    /// <summary>GPT-2's printable stand-ins for the 256 bytes, in the order of the vocabulary: printable bytes first.</summary>
    private static char[] ByteSymbols()
    {
        var printable = Enumerable.Range(0, 256).Where(b => b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE);
        return [.. printable.Select(b => (char)b), .. Enumerable.Range(256, 68).Select(c => (char)c)];
    }
}
