using System.Collections.Frozen;
using System.Text;

namespace FewShotCluster.Vision.Tokenization;

/// <summary>
/// HTML character references by the rules of Python's <c>html.unescape</c> (HTML5, a missing semicolon allowed where HTML5 allows it,
/// longest known prefix of an unknown name), which .NET's WebUtility does not follow.
/// </summary>
internal static class HtmlEntities
{
    private const int LongestName = 32;

    private static readonly FrozenDictionary<string, string> Names =
        EmbeddedTable.Read("html5-entities.tsv").ToFrozenDictionary(e => e.Key, e => EmbeddedTable.Text(e.Value));

    /// <summary>Windows-1252 for the C1 controls 80-9F; the five bytes it leaves open stand for themselves.</summary>
    public const string Windows1252 = "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f"
        + "\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178";

    /// <summary>The text of an entity name, written with its semicolon where it has one.</summary>
    public static bool TryGet(string name, out string? text) => Names.TryGetValue(name, out text);

    /// <summary>Replaces every character reference once (the result may hold new ones).</summary>
    public static string Unescape(string text)
    {
        var next = text.IndexOf('&');
        if (next < 0) return text;
        var result = new StringBuilder(text.Length);
        var position = 0;
        while (next >= 0)
        {
            result.Append(text, position, next - position);
            position = next + 1;
            var length = position < text.Length && text[position] == '#'
                ? AppendNumeric(text, position, result)
                : AppendNamed(text, position, result);
            if (length == 0) result.Append('&');
            position += length;
            next = text.IndexOf('&', position);
        }
        return result.Append(text, position, text.Length - position).ToString();
    }

    /// <summary>Handles <c>#123;</c> or <c>#x1F;</c>; returns the characters consumed, 0 if there is none.</summary>
    private static int AppendNumeric(string text, int start, StringBuilder result)
    {
        var position = start + 1;
        var hexadecimal = position < text.Length && text[position] is 'x' or 'X';
        if (hexadecimal) position++;
        var digits = position;
        var value = 0;
        for (; position < text.Length && IsDigit(text[position]); position++)
            if (value <= 0x10FFFF) // beyond that only the length matters
                value = value * (hexadecimal ? 16 : 10) + Convert.ToInt32(text[position].ToString(), 16);
        if (position == digits) return 0;
        if (position < text.Length && text[position] == ';') position++;
        AppendCodePoint(value, result);
        return position - start;

        bool IsDigit(char c) => hexadecimal ? char.IsAsciiHexDigit(c) : char.IsAsciiDigit(c);
    }

    private static bool EndsName(char c) => c is '\t' or '\n' or '\f' or ' ' or '<' or '&' or '#' or ';';

    private static void AppendCodePoint(int value, StringBuilder result)
    {
        if (value is >= 0x80 and <= 0x9F) result.Append(Windows1252[value - 0x80]);
        else if (value is 0 or (>= 0xD800 and <= 0xDFFF) or > 0x10FFFF) result.Append('\uFFFD');
        else if (!IsDropped(value)) result.Append(char.ConvertFromUtf32(value));
    }

    /// <summary>Code points that HTML5 calls invalid and Python drops: controls and non-characters.</summary>
    private static bool IsDropped(int value) =>
        value is (>= 0x1 and <= 0x8) or 0xB or (>= 0xE and <= 0x1F) or 0x7F or (>= 0xFDD0 and <= 0xFDEF) || (value & 0xFFFE) == 0xFFFE;

    /// <summary>Handles a name at <paramref name="start"/>; returns the characters consumed, 0 if there is none.</summary>
    private static int AppendNamed(string text, int start, StringBuilder result)
    {
        var end = start;
        for (var runes = 0; runes < LongestName && end < text.Length && !EndsName(text[end]); runes++)
            end += char.IsSurrogatePair(text, end) ? 2 : 1;
        if (end == start) return 0;
        if (end < text.Length && text[end] == ';') end++;

        for (var length = end - start; length > 1; length--)
            if (Names.TryGetValue(text.Substring(start, length), out var character))
            {
                result.Append(character);
                return length;
            }
        result.Append('&').Append(text, start, end - start);
        return end - start;
    }
}
