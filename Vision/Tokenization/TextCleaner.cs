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

    /// <summary>Python's str.lower(): the full mapping, so dotted I becomes two characters and sigma depends on its place in the word.</summary>
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
        var before = index - 1;
        while (before >= 0 && IsCaseIgnorable(text[before])) before--;
        var after = index + 1;
        while (after < text.Length && IsCaseIgnorable(text[after])) after++;
        return before >= 0 && IsCased(text[before]) && (after == text.Length || !IsCased(text[after]));
    }

    private static bool IsCased(char c) =>
        char.GetUnicodeCategory(c) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
        || c is (>= '\u2160' and <= '\u217F') or (>= '\u24B6' and <= '\u24E9');

    private static bool IsCaseIgnorable(char c) =>
        char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format
            or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol
        || c is '\'' or '.' or ':' or '\u00B7' or '\u2018' or '\u2019' or '\u2024' or '\u2027';
}
