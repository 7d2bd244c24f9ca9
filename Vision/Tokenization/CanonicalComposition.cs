using System.Collections.Frozen;
using System.Text;

namespace FewShotCluster.Vision.Tokenization;

/// <summary>
/// Unicode normalisation form C (UAX 15) from its own tables: string.Normalize leaves text as it is when .NET runs without ICU
/// (InvariantGlobalization), and token ids must not depend on that.
/// </summary>
internal static class CanonicalComposition
{
    // Hangul syllables are composed by arithmetic (Unicode 3.12).
    private const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    private const int LeadCount = 19, VowelCount = 21, TrailCount = 28, SyllableCount = LeadCount * VowelCount * TrailCount;

    private static readonly FrozenDictionary<int, int> Classes =
        EmbeddedTable.Read("combining-classes.tsv").ToFrozenDictionary(e => EmbeddedTable.CodePoint(e.Key), e => int.Parse(e.Value));

    private static readonly FrozenDictionary<int, int[]> Decompositions =
        EmbeddedTable.Read("canonical-decompositions.tsv").ToFrozenDictionary(
            e => EmbeddedTable.CodePoint(e.Key), e => EmbeddedTable.CodePoints(e.Value.TrimEnd('=')));

    private static readonly FrozenDictionary<(int, int), int> Compositions =
        EmbeddedTable.Read("canonical-decompositions.tsv").Where(e => e.Value.EndsWith('='))
            .ToFrozenDictionary(e => Pair(EmbeddedTable.CodePoints(e.Value.TrimEnd('='))), e => EmbeddedTable.CodePoint(e.Key));

    public static string Normalize(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange('\0', '\u02FF')) return text; // nothing below U+0300 changes
        var points = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes()) Decompose(rune.Value, points);
        Reorder(points);
        Compose(points);
        var result = new StringBuilder(text.Length);
        foreach (var point in points) result.Append(char.ConvertFromUtf32(point));
        return result.ToString();
    }

    private static void Decompose(int point, List<int> output)
    {
        var syllable = point - SyllableBase;
        if (syllable is >= 0 and < SyllableCount)
        {
            output.Add(LeadBase + syllable / (VowelCount * TrailCount));
            output.Add(VowelBase + syllable % (VowelCount * TrailCount) / TrailCount);
            if (syllable % TrailCount > 0) output.Add(TrailBase + syllable % TrailCount);
        }
        else if (Decompositions.TryGetValue(point, out var parts))
        {
            foreach (var part in parts) Decompose(part, output);
        }
        else
        {
            output.Add(point);
        }
    }

    /// <summary>Sorts each run of combining marks by class, stably.</summary>
    private static void Reorder(List<int> points)
    {
        for (var start = 0; start < points.Count;)
        {
            var end = start + 1;
            if (Class(points[start]) != 0)
            {
                while (end < points.Count && Class(points[end]) != 0) end++;
                if (end - start > 1)
                {
                    var sorted = points.GetRange(start, end - start).OrderBy(Class).ToList();
                    for (var i = 0; i < sorted.Count; i++) points[start + i] = sorted[i];
                }
            }
            start = end;
        }
    }

    private static void Compose(List<int> points)
    {
        var written = 0;
        var starter = -1;
        var lastClass = 0;
        for (var i = 0; i < points.Count; i++)
        {
            var point = points[i];
            var pointClass = Class(point);
            var adjacent = starter == written - 1;
            if (starter >= 0 && (adjacent || (lastClass != 0 && lastClass < pointClass))
                && TryCompose(points[starter], point, out var composed))
            {
                points[starter] = composed;
                continue;
            }
            if (pointClass == 0) starter = written;
            lastClass = pointClass;
            points[written++] = point;
        }
        points.RemoveRange(written, points.Count - written);
    }

    private static bool TryCompose(int first, int second, out int composed)
    {
        var (lead, vowel, trail) = (first - LeadBase, second - VowelBase, second - TrailBase);
        if (lead is >= 0 and < LeadCount && vowel is >= 0 and < VowelCount)
        {
            composed = SyllableBase + (lead * VowelCount + vowel) * TrailCount;
            return true;
        }
        if (first - SyllableBase is >= 0 and < SyllableCount && (first - SyllableBase) % TrailCount == 0 && trail is > 0 and < TrailCount)
        {
            composed = first + trail;
            return true;
        }
        return Compositions.TryGetValue((first, second), out composed);
    }

    private static int Class(int point) => point < 0x300 ? 0 : Classes.GetValueOrDefault(point);

    private static (int, int) Pair(int[] points) => (points[0], points[1]);
}
