using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Silo.Commands.Encode;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Models;

namespace FewShotCluster.Silo.Commands.Models;

/// <summary>
/// Shows that a model can be served: it loads, it is of its kind, its vocabulary fits, and it encodes into finite numbers.
/// </summary>
internal static class ModelProof
{
    /// <param name="kind">What the weights are said to be.</param>
    /// <param name="weights">The checkpoint.</param>
    /// <param name="vocabulary">CLIP: its merges.</param>
    /// <param name="resolution">ConvNeXt: input side in pixels.</param>
    /// <param name="activation">CLIP: what it was trained with; null: as far as the file is known.</param>
    /// <returns>CLIP: the activation that it was run with.</returns>
    /// <exception cref="CheckpointException">The weights cannot be used.</exception>
    /// <exception cref="FewShotException">ModelUnavailable: the vocabulary cannot be used.</exception>
    public static ClipActivation? Check(
        ModelKind kind, string weights, string? vocabulary, int? resolution, ClipActivation? activation)
    {
        using var model = LoadedModel.Load(weights, activation: activation);
        if (model.Kind != kind)
            throw new CheckpointException($"{weights}: the file holds a {Name(model.Kind)} model, not a {Name(kind)} one");
        var side = model.Clip?.ImageResolution ?? resolution ?? RefinerEncoder.DefaultResolution;
        CheckFinite(weights, model.EncodeImages(new float[3 * side * side], [1, 3, side, side], raw: true));
        if (model.Clip is not { } config) return null;
        var tokenizer = Vocabulary.Load(vocabulary!, config.VocabularySize, config.ContextLength);
        CheckFinite(weights, model.EncodeTexts(tokenizer.Tokenize("a photo"), raw: true));
        return config.Activation;
    }

    public static string Name(ModelKind kind) => kind == ModelKind.Clip ? "clip" : "convnext";

    private static void CheckFinite(string weights, float[] features)
    {
        if (!features.All(float.IsFinite))
            throw new CheckpointException($"{weights}: the model computes values that are no numbers; the weights are damaged");
    }
}
