using System.Numerics.Tensors;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Devices;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>Text proxies of classes: features of their prompts, averaged over the templates and brought back to unit length.</summary>
internal sealed class TextProxies(IGrainFactory grains, SlotRouter router)
{
    // One call stays far below the response timeout.
    private const int TextsPerCall = 512;

    // Sums of unit vectors: below it only rounding is left, and dividing by zero would publish NaN.
    private const float SmallestNorm = 1e-4f;

    /// <summary>[classes, D] per encoder; no classes give the encoders alone.</summary>
    public async Task<EncoderFeatures[]> Compute(
        ClassSetPolicy policy, IReadOnlyList<ClassRecord> classes, CancellationToken cancellationToken)
    {
        var prompts = classes.Select(c => Prompts(c, policy)).ToList();
        var texts = prompts.SelectMany((own, position) => own.Select(text => (Text: text, Class: position))).ToList();
        var grain = grains.GetGrain<IEncoderGrain>(router.Nearest().Name);
        EncoderInfo[] encoders = [];
        float[][] sums = [];
        for (var start = 0; start == 0 || start < texts.Count; start += TextsPerCall)
        {
            var part = texts.GetRange(start, Math.Min(TextsPerCall, texts.Count - start));
            var features = await grain.EncodeTexts([.. part.Select(text => text.Text)], WorkOrigin.Writes, cancellationToken);
            if (start == 0)
            {
                encoders = [.. features.Encoders.Select(e => e.Encoder)];
                sums = [.. encoders.Select(encoder => new float[classes.Count * encoder.Dimension])];
            }
            // Added up as they come: the rows of all templates together would take gigabytes for thousands of names.
            for (var e = 0; e < sums.Length; e++) AddRows(features.Encoders[e], [.. part.Select(text => text.Class)], sums[e]);
        }
        return await Task.Run(() => encoders.Select((encoder, e) => Average(encoder, sums[e], prompts)).ToArray(), cancellationToken);
    }

    /// <summary>The prompt, or the templates with the name; underscores of names read as spaces.</summary>
    internal static string[] Prompts(ClassRecord @class, ClassSetPolicy policy) => @class.Prompt is { } prompt
        ? [prompt]
        : [.. policy.PromptTemplates.Select(template => template.Replace("{}", @class.Name.Replace('_', ' '), StringComparison.Ordinal))];

    private static void AddRows(EncoderFeatures features, int[] classes, float[] sums)
    {
        var rows = features.Values.AsFloats();
        var dimension = features.Encoder.Dimension;
        for (var row = 0; row < classes.Length; row++)
        {
            var sum = sums.AsSpan(classes[row] * dimension, dimension);
            TensorPrimitives.Add(sum, rows.Slice(row * dimension, dimension), sum);
        }
    }

    private static EncoderFeatures Average(EncoderInfo encoder, float[] sums, List<string[]> prompts)
    {
        for (var c = 0; c < prompts.Count; c++)
        {
            // One prompt is of unit length already: dividing again would only add rounding.
            if (prompts[c].Length == 1) continue;
            var proxy = sums.AsSpan(c * encoder.Dimension, encoder.Dimension);
            var norm = TensorPrimitives.Norm<float>(proxy);
            if (!(norm > SmallestNorm))
                throw new FewShotException(
                    FewShotErrorCode.InvalidArgument,
                    $"the templates' features cancel each other out for '{prompts[c][0]}': use other templates");
            TensorPrimitives.Divide(proxy, norm, proxy);
        }
        return new EncoderFeatures(encoder, FloatBytes.From(sums));
    }
}
