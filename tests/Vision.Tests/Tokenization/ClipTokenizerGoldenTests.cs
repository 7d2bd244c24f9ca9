using System.Text.Json;
using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Tokenization;

namespace FewShotCluster.Vision.Tests.Tokenization;

/// <summary>Against ids made by openai/CLIP's own tokenizer.</summary>
public sealed class ClipTokenizerGoldenTests
{
    private static readonly Lazy<ClipTokenizer> Tokenizer =
        new(() => ClipTokenizer.Load(ReferenceData.Reference("tokenizer", "bpe_simple_vocab_16e6.txt.gz")));

    [Fact]
    public void Every_golden_row_is_reproduced()
    {
        var wrong = new List<string>();
        var rows = Rows();
        foreach (var row in rows)
        {
            var text = row.GetProperty("text").GetString()!;
            // Rows that need mojibake repair: what the reference gives without it.
            var key = row.TryGetProperty("ids_without_encoding_repair", out _) ? "ids_without_encoding_repair" : "ids";
            var expected = new long[77];
            var ids = row.GetProperty(key).EnumerateArray().Select(id => id.GetInt64()).ToArray();
            ids.CopyTo(expected, 0);
            var actual = Tokenizer.Value.Tokenize(text);
            if (!actual.SequenceEqual(expected))
                wrong.Add($"{text}: {string.Join(' ', ids)} expected, {string.Join(' ', actual.Take(ids.Length + 2))}");
        }
        Assert.True(rows.Count > 500);
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {rows.Count}:\n{string.Join('\n', wrong)}");
    }

    [Fact]
    public void Overlong_texts_are_refused_unless_truncation_is_asked_for()
    {
        var overlong = Rows().Where(row => row.GetProperty("overlong").GetBoolean())
            .Select(row => row.GetProperty("text").GetString()!).ToList();
        Assert.NotEmpty(overlong);
        Assert.All(overlong, text => Assert.Throws<TextTooLongException>(() => Tokenizer.Value.Tokenize(text, truncate: false)));
    }

    [Fact]
    public void Token_counts_before_truncation_agree()
    {
        foreach (var row in Rows().Where(row => row.GetProperty("ftfy").GetString() != "encoding"))
            Assert.Equal(row.GetProperty("n_tokens").GetInt32(), Tokenizer.Value.Encode(row.GetProperty("text").GetString()!).Count + 2);
    }

    [Fact]
    public void Many_threads_get_the_same_ids()
    {
        var texts = Rows().Select(row => row.GetProperty("text").GetString()!).ToArray();
        var expected = Tokenizer.Value.Tokenize(texts);
        Parallel.For(0, 16, _ => Assert.Equal(expected, Tokenizer.Value.Tokenize(texts)));
    }

    private static List<JsonElement> Rows()
    {
        using var file = File.OpenRead(ReferenceData.Reference("tokenizer", "goldens.json"));
        using var document = JsonDocument.Parse(file);
        return [.. document.RootElement.GetProperty("rows").EnumerateArray().Select(row => row.Clone())];
    }
}
