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
        var texts = prompts.SelectMany(p => p).ToList();
        var grain = grains.GetGrain<IEncoderGrain>(router.Nearest().Name);
        var chunks = new List<TextFeatures>();
        for (var start = 0; start == 0 || start < texts.Count; start += TextsPerCall)
            chunks.Add(await grain.EncodeTexts([.. texts.Skip(start).Take(TextsPerCall)], cancellationToken));
        return await Task.Run(() => Average(prompts, chunks), cancellationToken);
    }

    /// <summary>The prompt, or the templates with the name; underscores of names read as spaces.</summary>
    internal static string[] Prompts(ClassRecord @class, ClassSetPolicy policy) => @class.Prompt is { } prompt
        ? [prompt]
        : [.. policy.PromptTemplates.Select(template => template.Replace("{}", @class.Name.Replace('_', ' '), StringComparison.Ordinal))];

    private static EncoderFeatures[] Average(List<string[]> prompts, List<TextFeatures> chunks) =>
    [
        .. chunks[0].Encoders.Select((first, e) =>
        {
            var rows = FloatBytes.Concatenate([.. chunks.Select(chunk => chunk.Encoders[e].Values)]);
            return new EncoderFeatures(first.Encoder, Average(prompts, rows, first.Encoder.Dimension));
        }),
    ];

    private static byte[] Average(List<string[]> prompts, byte[] features, int dimension)
    {
        var rows = features.AsFloats();
        var proxies = new float[prompts.Count * dimension];
        var row = 0;
        for (var c = 0; c < prompts.Count; c++)
        {
            var proxy = proxies.AsSpan(c * dimension, dimension);
            for (var p = 0; p < prompts[c].Length; p++, row++) TensorPrimitives.Add(proxy, rows.Slice(row * dimension, dimension), proxy);
            // One prompt is of unit length already: dividing again would only add rounding.
            if (prompts[c].Length == 1) continue;
            var norm = TensorPrimitives.Norm<float>(proxy);
            if (!(norm > SmallestNorm))
                throw new FewShotException(
                    FewShotErrorCode.InvalidArgument, $"the templates' features cancel each other out for '{prompts[c][0]}': use other templates");
            TensorPrimitives.Divide(proxy, norm, proxy);
        }
        return FloatBytes.From(proxies);
    }
}
