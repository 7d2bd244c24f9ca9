using Microsoft.ML.Tokenizers;

namespace FewShotCluster.Vision.Tokenization;

/// <summary>
/// CLIP's lower-cased byte-pair encoding (openai/CLIP, simple_tokenizer.py and clip.tokenize). Identical to it with ftfy installed,
/// except that ftfy's repair of wrongly decoded text is left out. Thread safe.
/// </summary>
public sealed class ClipTokenizer
{
    /// <summary>Longest text accepted, in UTF-16 units: far beyond any prompt, and it bounds the time one text can take.</summary>
    public const int MaxTextLength = 16384;

    private const int OpenAiVocabularySize = 49408;

    private readonly BpeTokenizer _encoder;

    private ClipTokenizer(IReadOnlyList<string> merges, int contextLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 2);
        var vocabulary = ClipVocabulary.Build(merges);
        ContextLength = contextLength;
        VocabularySize = vocabulary.Count;
        StartId = vocabulary[ClipPreTokenizer.StartOfText];
        EndId = vocabulary[ClipPreTokenizer.EndOfText];
        _encoder = BpeTokenizer.Create(new BpeOptions(vocabulary)
        {
            Merges = merges,
            EndOfWordSuffix = ClipVocabulary.EndOfWord,
            ByteLevel = true,
            PreTokenizer = new ClipPreTokenizer(),
            SpecialTokens = new Dictionary<string, int> { [ClipPreTokenizer.StartOfText] = StartId, [ClipPreTokenizer.EndOfText] = EndId },
        });
    }

    /// <summary>Ids in a row: the model's context length.</summary>
    public int ContextLength { get; }

    /// <summary>Number of tokens; ids are below it.</summary>
    public int VocabularySize { get; }

    /// <summary>Id of the start-of-text token, first in every row.</summary>
    public int StartId { get; }

    /// <summary>Id of the end-of-text token: the largest of all, which is how the text tower finds the row's end.</summary>
    public int EndId { get; }

    /// <summary>
    /// Reads a merges file, plain or gzip (OpenAI's <c>bpe_simple_vocab_16e6.txt.gz</c>); a version line at its head is skipped. The
    /// first <paramref name="vocabularySize"/> - 514 merges are used.
    /// </summary>
    /// <exception cref="InvalidDataException">Too few merges, or lines that are none.</exception>
    public static ClipTokenizer Load(string path, int vocabularySize = OpenAiVocabularySize, int contextLength = 77)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, ClipVocabulary.FixedTokens);
        var count = vocabularySize - ClipVocabulary.FixedTokens;
        var merges = ClipVocabulary.ReadMerges(path, count);
        return merges.Count == count
            ? FromMerges(merges, contextLength)
            : throw new InvalidDataException($"{Path.GetFileName(path)} has {merges.Count} merges; the vocabulary needs {count}");
    }

    /// <summary>As <see cref="Load"/> without a model: all merges of the file, but no more than OpenAI's models use of theirs.</summary>
    /// <exception cref="InvalidDataException">Lines that are no merges.</exception>
    public static ClipTokenizer LoadWhole(string path, int contextLength = 77) =>
        FromMerges(ClipVocabulary.ReadMerges(path, OpenAiVocabularySize - ClipVocabulary.FixedTokens), contextLength);

    /// <summary>Builds a tokenizer from merges ("left right", most frequent first).</summary>
    /// <exception cref="InvalidDataException">A merge is malformed, out of order or repeated.</exception>
    public static ClipTokenizer FromMerges(IReadOnlyList<string> merges, int contextLength = 77) => new(merges, contextLength);

    /// <summary>Token ids of a text, without start and end tokens and however many they are.</summary>
    /// <exception cref="TextTooLongException">Longer than <see cref="MaxTextLength"/>.</exception>
    public IReadOnlyList<int> Encode(string text)
    {
        if (text.Length > MaxTextLength)
            throw new TextTooLongException($"text of {text.Length} characters, at most {MaxTextLength} are accepted: '{text[..40]}...'");
        return _encoder.EncodeToIds(TextCleaner.Clean(text), considerPreTokenization: true, considerNormalization: false);
    }

    /// <summary>One row of ids: start, the text, end, then zeros up to <see cref="ContextLength"/>.</summary>
    /// <param name="text">Any text; empty is allowed.</param>
    /// <param name="truncate">Cut a text that is too long (its last id is then the end token) instead of refusing it.</param>
    /// <exception cref="TextTooLongException">Too many tokens and not to be cut, or longer than <see cref="MaxTextLength"/>.</exception>
    public long[] Tokenize(string text, bool truncate = true)
    {
        var row = new long[ContextLength];
        Tokenize(text, truncate, row);
        return row;
    }

    /// <summary>Rows of ids one after the other: [texts, <see cref="ContextLength"/>] in C order.</summary>
    /// <inheritdoc cref="Tokenize(string, bool)"/>
    public long[] Tokenize(IReadOnlyList<string> texts, bool truncate = true)
    {
        var rows = new long[texts.Count * ContextLength];
        for (var i = 0; i < texts.Count; i++) Tokenize(texts[i], truncate, rows.AsSpan(i * ContextLength, ContextLength));
        return rows;
    }

    private void Tokenize(string text, bool truncate, Span<long> row)
    {
        var ids = Encode(text);
        if (ids.Count > row.Length - 2 && !truncate)
            throw new TextTooLongException(
                $"{ids.Count + 2} tokens with start and end, the context holds {row.Length}: '{text[..Math.Min(text.Length, 40)]}...'");
        var count = Math.Min(ids.Count, row.Length - 2);
        row[0] = StartId;
        for (var i = 0; i < count; i++) row[i + 1] = ids[i];
        row[count + 1] = EndId;
    }
}
