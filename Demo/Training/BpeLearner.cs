using System.Text.RegularExpressions;

namespace FewShotCluster.Demo.Training;

/// <summary>
/// Learns byte-pair merges (Sennrich et al., ACL 2016) in CLIP's flavour, the last letter of a word marked <c>&lt;/w&gt;</c>. For the
/// world's own captions: lower-case ASCII words and punctuation, whose bytes are their own symbols.
/// </summary>
public static partial class BpeLearner
{
    private const string EndOfWord = "</w>";

    /// <summary>The most frequent pair first, "left right"; fewer than asked for once every word is one token.</summary>
    public static List<string> Learn(IEnumerable<string> texts, int maxMerges)
    {
        var words = CountWords(texts);
        var tokens = new HashSet<string>(StringComparer.Ordinal);
        var merges = new List<string>();
        while (merges.Count < maxMerges && MostFrequentPair(words, tokens) is { } pair)
        {
            tokens.Add(pair.Left + pair.Right);
            merges.Add($"{pair.Left} {pair.Right}");
            foreach (var word in words)
                Merge(word.Symbols, pair);
        }
        return merges;
    }

    private static List<(List<string> Symbols, int Count)> CountWords(IEnumerable<string> texts)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var text in texts)
            foreach (var match in WordPattern().EnumerateMatches(text))
            {
                var word = text.Substring(match.Index, match.Length);
                if (!word.All(letter => letter is > ' ' and <= '~'))
                    throw new ArgumentException($"'{word}' is not ASCII; this learner knows the demo world's words only", nameof(texts));
                counts[word] = counts.GetValueOrDefault(word) + 1;
            }
        return [.. counts.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (Split(pair.Key), pair.Value))];
    }

    private static List<string> Split(string word) =>
        [.. word[..^1].Select(letter => letter.ToString()), word[^1] + EndOfWord];

    // Two pairs may spell the same token ("a bc", "ab c"): only the first becomes one, a vocabulary has no doubles.
    private static (string Left, string Right)? MostFrequentPair(List<(List<string> Symbols, int Count)> words, HashSet<string> tokens)
    {
        var counts = new Dictionary<(string Left, string Right), int>();
        foreach (var (symbols, count) in words)
            for (var i = 0; i + 1 < symbols.Count; i++)
            {
                var pair = (symbols[i], symbols[i + 1]);
                counts[pair] = counts.GetValueOrDefault(pair) + count;
            }
        return counts
            .Where(pair => !tokens.Contains(pair.Key.Left + pair.Key.Right))
            .OrderByDescending(pair => pair.Value)
            .ThenBy(pair => pair.Key.Left, StringComparer.Ordinal)
            .ThenBy(pair => pair.Key.Right, StringComparer.Ordinal)
            .Select(pair => ((string, string)?)pair.Key)
            .FirstOrDefault();
    }

    private static void Merge(List<string> symbols, (string Left, string Right) pair)
    {
        for (var i = 0; i + 1 < symbols.Count; i++)
            if (symbols[i] == pair.Left && symbols[i + 1] == pair.Right)
            {
                symbols[i] += symbols[i + 1];
                symbols.RemoveAt(i + 1);
            }
    }

    [GeneratedRegex("[a-z]+|[^a-z\\s]+")]
    private static partial Regex WordPattern();
}
