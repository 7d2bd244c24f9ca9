using System.Buffers;
using System.Globalization;
using System.Text;

namespace FewShotCluster.Vision.Tokenization;

/// <summary>
/// The text cleaning of openai/CLIP's <c>simple_tokenizer.py</c>: ftfy's character steps, HTML references decoded twice, white space
/// collapsed, lower case by Python's rules.
/// </summary>
internal static class TextCleaner
{
    public static string Clean(string text)
    {
        text = FtfyCharacters.Fix(text);
        text = HtmlEntities.Unescape(HtmlEntities.Unescape(text));
        return Lower(CollapseWhiteSpace(text));
    }

    private static string CollapseWhiteSpace(string text)
    {
        var result = new StringBuilder(text.Length);
        var gap = false;
        foreach (var c in text)
        {
            if (char.IsWhiteSpace(c))
            {
                gap = true;
                continue;
            }
            if (gap && result.Length > 0) result.Append(' ');
            result.Append(c);
            gap = false;
        }
        return result.ToString();
    }

    /// <summary>Python's str.lower(): full mapping, so dotted I becomes two characters and sigma depends on its place.</summary>
    private static string Lower(string text)
    {
        var simple = text.ToLowerInvariant();
        if (!text.AsSpan().ContainsAny('\u0130', '\u03A3')) return simple;
        var result = new StringBuilder(text.Length + 4);
        for (var i = 0; i < text.Length; i++)
            _ = text[i] switch
            {
                '\u0130' => result.Append("i\u0307"),
                '\u03A3' => result.Append(IsFinal(text, i) ? '\u03C2' : '\u03C3'),
                _ => result.Append(simple[i]),
            };
        return result.ToString();
    }

    /// <summary>Unicode's Final_Sigma: a cased letter before it and none after it, case-ignorable characters skipped.</summary>
    private static bool IsFinal(string text, int index)
    {
        var before = text.AsSpan(0, index);
        while (Rune.DecodeLastFromUtf16(before, out var rune, out var length) == OperationStatus.Done)
        {
            if (!IsCaseIgnorable(rune)) return IsCased(rune) && !BeginsCased(text.AsSpan(index + 1));
            before = before[..^length];
        }
        return false;
    }

    private static bool BeginsCased(ReadOnlySpan<char> text)
    {
        while (Rune.DecodeFromUtf16(text, out var rune, out var length) == OperationStatus.Done)
        {
            if (!IsCaseIgnorable(rune)) return IsCased(rune);
            text = text[length..];
        }
        return false;
    }

    /// <summary>Unicode's property Cased: letters with case, and the letter-like signs of Other_Lowercase and Other_Uppercase.</summary>
    private static bool IsCased(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
        || rune.Value is 0xAA or 0xBA or (>= 0x2160 and <= 0x217F) or (>= 0x24B6 and <= 0x24E9)
            or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189);

    /// <summary>Unicode's property Case_Ignorable: marks, formats, modifiers, and punctuation that may stand inside a word.</summary>
    private static bool IsCaseIgnorable(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format
            or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol
        || rune.Value is '\'' or '.' or ':' or 0xB7 or 0x55F or 0x5F4 or 0x2018 or 0x2019 or 0x2024 or 0x2027
            or 0xFE13 or 0xFE52 or 0xFE55;
}
