using System.Collections.Frozen;
using System.Text;
using System.Text.RegularExpressions;

namespace FewShotCluster.Vision.Tokenization;

/// <summary>
/// The character steps of ftfy 6.3's <c>fix_text</c>, which OpenAI's tokenizer runs first. ftfy's repair of wrongly decoded text
/// (mojibake such as "cafÃ©") is left out: it guesses by a scored model of encodings, and such names should be mended at their source.
/// </summary>
internal static partial class FtfyCharacters
{
    private static readonly FrozenDictionary<string, string> UppercaseEntities =
        EmbeddedTable.Read("html5-entities-uppercase.tsv").ToFrozenDictionary(e => e.Key, e => EmbeddedTable.Text(e.Value));

    /// <summary>Characters replaced by others: width forms, ligatures, curly quotes, C1 controls read as Windows-1252.</summary>
    private static readonly FrozenDictionary<char, string> Replacements = BuildReplacements();

    public static string Fix(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~') && !text.Contains('&')) return text;
        var result = new StringBuilder(text.Length);
        var entities = true;
        for (var start = 0; start < text.Length;)
        {
            var end = text.IndexOf('\n', start) + 1;
            if (end == 0) end = text.Length;
            var segment = text[start..end];
            entities &= !segment.Contains('<'); // markup: from here on the entities are meant as such
            result.Append(FixSegment(segment, entities));
            start = end;
        }
        return result.ToString();
    }

    private static string FixSegment(string text, bool entities)
    {
        while (true)
        {
            var before = text;
            if (entities && text.Contains('&')) text = EntityPattern().Replace(text, DecodeEntity);
            text = ReplaceCharacters(text);
            text = text.Replace("\r\n", "\n").Replace('\r', '\n').Replace('\u2028', '\n').Replace('\u2029', '\n');
            text = TerminalEscape().Replace(text, "");
            text = RemoveControls(text);
            text = CanonicalComposition.Normalize(text);
            if (text == before) return text;
        }
    }

    private static string DecodeEntity(Match match)
    {
        var reference = match.Value;
        if (HtmlEntities.TryGet(reference[1..], out var text) || UppercaseEntities.TryGetValue(reference[1..], out text)) return text!;
        if (reference[1] != '#') return reference;
        var decoded = HtmlEntities.Unescape(reference);
        return decoded.Contains(';') ? reference : decoded;
    }

    private static string ReplaceCharacters(string text)
    {
        StringBuilder? result = null;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            var replacement = c < '\u0080' ? null
                : Replacements.TryGetValue(c, out var found) ? found
                : char.IsSurrogate(c) && !IsPaired(text, i) ? "\uFFFD"
                : null;
            if (replacement is not null) result ??= new StringBuilder(text, 0, i, text.Length);
            if (result is null) continue;
            if (replacement is null) result.Append(c);
            else result.Append(replacement);
        }
        return result?.ToString() ?? text;
    }

    private static bool IsPaired(string text, int index) => char.IsHighSurrogate(text[index])
        ? index + 1 < text.Length && char.IsLowSurrogate(text[index + 1])
        : index > 0 && char.IsHighSurrogate(text[index - 1]);

    private static string RemoveControls(string text)
    {
        if (!text.Any(IsRemoved)) return text;
        return string.Concat(text.Where(c => !IsRemoved(c)));
    }

    private static bool IsRemoved(char c) => c is <= '\u0008' or '\u000B' or (>= '\u000E' and <= '\u001F') or '\u007F'
        or (>= '\u206A' and <= '\u206F') or '\uFEFF' or (>= '\uFFF9' and <= '\uFFFC');

    private static FrozenDictionary<char, string> BuildReplacements()
    {
        var map = EmbeddedTable.Read("width-forms.tsv")
            .ToDictionary(e => (char)EmbeddedTable.CodePoint(e.Key), e => EmbeddedTable.Text(e.Value));
        map['\u3000'] = " ";
        foreach (var c in "\u02BC\u2018\u2019\u201A\u201B") map[c] = "'";
        foreach (var c in "\u201C\u201D\u201E\u201F") map[c] = "\"";
        (char Ligature, string Letters)[] ligatures =
        [
            ('\u0132', "IJ"), ('\u0133', "ij"), ('\u0149', "'n"), ('\u01F1', "DZ"), ('\u01F2', "Dz"), ('\u01F3', "dz"),
            ('\u01C4', "D\u017D"), ('\u01C5', "D\u017E"), ('\u01C6', "d\u017E"), ('\u01C7', "LJ"), ('\u01C8', "Lj"), ('\u01C9', "lj"),
            ('\u01CA', "NJ"), ('\u01CB', "Nj"), ('\u01CC', "nj"), ('\uFB00', "ff"), ('\uFB01', "fi"), ('\uFB02', "fl"),
            ('\uFB03', "ffi"), ('\uFB04', "ffl"), ('\uFB05', "\u017Ft"), ('\uFB06', "st"),
        ];
        foreach (var (ligature, letters) in ligatures) map[ligature] = letters;
        for (var c = '\u0080'; c <= '\u009F'; c++)
        {
            var text = HtmlEntities.Windows1252[c - 0x80];
            if (text != c) map[c] = map.GetValueOrDefault(text, text.ToString()); // a curly quote goes on to a straight one
        }
        return map.ToFrozenDictionary();
    }

    [GeneratedRegex("&#?[0-9A-Za-z]{1,24};")]
    private static partial Regex EntityPattern();

    [GeneratedRegex(@"\x1b\[[\d;]*[a-zA-Z]")]
    private static partial Regex TerminalEscape();
}
