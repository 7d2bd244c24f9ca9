using FewShotCluster.Vision.Numerics;
using static TorchSharp.torch;

namespace FewShotCluster.Bench.Encoders;

/// <summary>A batch as every contender gets it: the same numbers, repeatable.</summary>
public sealed class BenchInput
{
    private static readonly int[] PromptLengths = [12, 10, 14, 11, 13];
    private readonly long[] shape;

    private BenchInput(long[] shape) => this.shape = shape;

    /// <summary>Rows.</summary>
    public int Batch => (int)shape[0];

    /// <summary>Normalised pixels [N, 3, side, side]; null for texts.</summary>
    public float[]? Pixels { get; private init; }

    /// <summary>Token ids [N, context]; null for pictures.</summary>
    public long[]? Tokens { get; private init; }

    /// <summary>Pictures of noise.</summary>
    public static BenchInput Images(int batch, int side)
    {
        var (random, pixels) = (new SplitMix64(1), new float[batch * 3 * side * side]);
        for (var i = 0; i < pixels.Length; i++) pixels[i] = (float)(4 * random.Fraction() - 2);
        return new([batch, 3, side, side]) { Pixels = pixels };
    }

    /// <summary>Texts that fill every position.</summary>
    public static BenchInput FullTexts(int batch, int context, int vocabulary) => Texts(batch, context, vocabulary, _ => context);

    /// <summary>Texts like "a photo of a {}": 10 to 14 tokens, start and end included.</summary>
    public static BenchInput Prompts(int batch, int context, int vocabulary) =>
        Texts(batch, context, vocabulary, row => Math.Min(context, PromptLengths[row % PromptLengths.Length]));

    /// <summary>The longest prompt of a batch.</summary>
    public static int LongestPrompt(int batch) => PromptLengths.Take(batch).Max();

    /// <summary>The batch as a tensor that belongs to the caller.</summary>
    public Tensor ToTensor() => Tokens is not null ? tensor(Tokens, shape) : tensor(Pixels!, shape);

    // The two largest ids mark start and end, as in OpenAI's vocabulary.
    private static BenchInput Texts(int batch, int context, int vocabulary, Func<int, int> length)
    {
        var (random, tokens) = (new SplitMix64(2), new long[batch * context]);
        for (var row = 0; row < batch; row++)
        {
            var text = tokens.AsSpan(row * context, length(row));
            foreach (ref var id in text) id = 1 + random.Below(vocabulary - 3);
            (text[0], text[^1]) = (vocabulary - 2, vocabulary - 1);
        }
        return new([batch, context]) { Tokens = tokens };
    }
}
