using System.Globalization;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace FewShotCluster.Vision.Tokenization;

/// <summary>
/// Splits cleaned text as openai/CLIP's pattern does: the two special tokens, English contractions, runs of letters, single digits,
/// runs of other characters. Works on runes, since .NET's regex classes see surrogate halves and differ from Python's.
/// </summary>
internal sealed class ClipPreTokenizer : PreTokenizer
{
    public const string StartOfText = "<|startoftext|>";
    public const string EndOfText = "<|endoftext|>";

    // With long s, since the pattern ignores case.
    private static readonly string[] Contractions = ["'s", "'\u017F", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    private enum Kind { None, Letter, Number, Other }

    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text) => Split(text);

    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => Split(text);

    private static List<(int Offset, int Length)> Split(ReadOnlySpan<char> text)
    {
        var words = new List<(int, int)>();
        for (var i = 0; i < text.Length;)
        {
            var (kind, length) = Classify(text[i..]);
            var word = FixedLength(text[i..]);
            if (word == 0) word = kind is Kind.Letter or Kind.Other ? RunLength(text[i..], kind) : length;
            if (kind != Kind.None) words.Add((i, word));
            i += word;
        }
        return words;
    }

    /// <summary>Length of a special token or contraction at the start, or 0.</summary>
    private static int FixedLength(ReadOnlySpan<char> text)
    {
        if (text[0] == '<')
            return text.StartsWith(StartOfText) ? StartOfText.Length : text.StartsWith(EndOfText) ? EndOfText.Length : 0;
        if (text[0] == '\'')
            foreach (var contraction in Contractions)
                if (text.StartsWith(contraction))
                    return contraction.Length;
        return 0;
    }

    private static int RunLength(ReadOnlySpan<char> text, Kind kind)
    {
        var end = 0;
        while (end < text.Length)
        {
            var (next, length) = Classify(text[end..]);
            if (next != kind) break;
            end += length;
        }
        return end;
    }

    private static (Kind Kind, int Length) Classify(ReadOnlySpan<char> text)
    {
        Rune.DecodeFromUtf16(text, out var rune, out var length);
        if (Rune.IsWhiteSpace(rune)) return (Kind.None, length);
        return (Rune.GetUnicodeCategory(rune) switch
        {
            <= UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
            // Combining ypogegrammeni folds to iota, so Python's case-insensitive [^\s\p{L}\p{N}] rejects it: it is dropped.
            _ => rune.Value == 0x345 ? Kind.None : Kind.Other,
        }, length);
    }
}
