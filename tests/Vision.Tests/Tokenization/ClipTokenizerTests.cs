using System.IO.Compression;
using System.Text;
using FewShotCluster.Vision.Tokenization;

namespace FewShotCluster.Vision.Tests.Tokenization;

/// <summary>The tokenizer on a hand-made list of merges; ids follow from the vocabulary's order alone.</summary>
public sealed class ClipTokenizerTests
{
    // Ids: bytes 0-255 ('!' is 0, so a letter is its code - 33), the same at a word's end 256-511, merges 512-516, start 517, end 518.
    private static readonly string[] Merges = ["c a", "ca t</w>", "d o", "do g</w>", "t h"];
    private static readonly ClipTokenizer Tokenizer = ClipTokenizer.FromMerges(Merges, contextLength: 8);

    private static int Letter(char c) => c - '!';

    private static int Last(char c) => 256 + c - '!';

    [Fact]
    public void Merges_apply_in_order_of_rank()
    {
        Assert.Equal([513], Tokenizer.Encode("cat"));
        Assert.Equal([512, Letter('t'), Last('s')], Tokenizer.Encode("cats"));
        Assert.Equal([513, 515], Tokenizer.Encode("CAT \t\n Dog"));
        Assert.Equal([Letter('a'), Last('s')], Tokenizer.Encode("as"));
    }

    [Fact]
    public void Rows_have_start_end_and_zeros()
    {
        Assert.Equal(519, Tokenizer.VocabularySize);
        Assert.Equal([517, 513, 518, 0, 0, 0, 0, 0], Tokenizer.Tokenize("cat"));
        Assert.Equal([517, 518, 0, 0, 0, 0, 0, 0], Tokenizer.Tokenize(""));
        Assert.Equal([.. Tokenizer.Tokenize("cat"), .. Tokenizer.Tokenize("dog")], Tokenizer.Tokenize(["cat", "dog"]));
    }

    [Fact]
    public void A_long_text_is_cut_before_the_end_token_or_refused()
    {
        const string text = "cat cat cat cat cat cat cat";
        Assert.Equal([517, 513, 513, 513, 513, 513, 513, 518], Tokenizer.Tokenize(text));
        Assert.Throws<TextTooLongException>(() => Tokenizer.Tokenize(text, truncate: false));
        Assert.Equal(518, Tokenizer.Tokenize("cat cat cat cat cat cat", truncate: false)[^1]);
        Assert.Throws<TextTooLongException>(() => Tokenizer.Tokenize(new string('x', ClipTokenizer.MaxTextLength + 1)));
    }

    [Theory]
    [InlineData("cat", "&#99;at")]
    [InlineData("cat & dog", "cat &amp;amp; dog")]
    [InlineData("it's", "it\u2019s")]
    [InlineData("dog", "\uFF24\uFF2F\uFF27")]
    [InlineData("caf\u00E9", "cafe\u0301")]
    [InlineData("\u1EAD", "a\u0302\u0323")]
    [InlineData("\u1EAD", "\u1EA1\u0302")]
    [InlineData("\uD55C", "\u1112\u1161\u11AB")]
    [InlineData("\u00C9cole", "&EACUTE;cole")]
    [InlineData("fish", "\uFB01sh")]
    [InlineData("red", "\u001b[31mred\u001b[0m")]
    [InlineData("\u03BF\u03C2 \u03C3", "\u039F\u03A3 \u03A3")]
    [InlineData("\u03BF\u03C3.\u03BF", "\u039F\u03A3.\u039F")]
    [InlineData("\U00010428\u03C2", "\U00010400\u03A3")]
    [InlineData("i\u0307", "\u0130")]
    [InlineData("\u00AC", "&not")]
    [InlineData("\u00ACit;", "&notit;")]
    public void Different_writings_of_one_text_are_one(string plain, string written) =>
        Assert.Equal(Tokenizer.Encode(plain), Tokenizer.Encode(written));

    [Fact]
    public void Half_a_surrogate_pair_is_the_replacement_character() =>
        Assert.Equal(Tokenizer.Encode("\uFFFDa\uFFFD"), Tokenizer.Encode("\uD800a\uDC00"));

    [Fact]
    public void Words_split_at_contractions_digits_and_punctuation()
    {
        Assert.Equal([513, Letter('\''), Last('s')], Tokenizer.Encode("cat's"));
        Assert.Equal([Last('1'), Last('2'), 513, Letter('!'), Last('?')], Tokenizer.Encode("12cat!?"));
        Assert.Equal([518, 513, 517], Tokenizer.Encode("<|endoftext|>cat<|startoftext|>"));
    }

    [Fact]
    public void Bytes_of_any_script_are_encoded()
    {
        // U+1F600 is F0 9F 98 80: one word of four byte symbols, the last one ending it.
        var ids = Tokenizer.Encode("\U0001F600");
        Assert.Equal(4, ids.Count);
        Assert.All(ids.Take(3), id => Assert.InRange(id, 0, 255));
        Assert.InRange(ids[3], 256, 511);
    }

    [Theory]
    [InlineData("\"bpe_simple_vocab_16e6.txt#version: 0.2\n")]
    [InlineData("#version: 0.2\n")]
    [InlineData("")]
    public void Merge_files_load_with_and_without_header_and_compression(string header)
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.merges");
        try
        {
            var content = header + string.Join('\n', Merges) + "\n";
            File.WriteAllText(path, content);
            Assert.Equal(Tokenizer.Encode("cat dog"), ClipTokenizer.Load(path, 519).Encode("cat dog"));
            using (var gzip = new GZipStream(File.Create(path), CompressionLevel.Fastest)) gzip.Write(Encoding.UTF8.GetBytes(content));
            Assert.Equal(518, ClipTokenizer.Load(path, 518).VocabularySize);
            Assert.Throws<InvalidDataException>(() => ClipTokenizer.Load(path, 520));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("cat")]
    [InlineData("c a t")]
    [InlineData("zz a")]
    [InlineData("")]
    public void Lines_that_are_no_merges_are_refused(string merge) =>
        Assert.Throws<InvalidDataException>(() => ClipTokenizer.FromMerges([merge], 8));
}
