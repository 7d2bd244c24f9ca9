using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Silo.Commands.Encode;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Encoders;

namespace FewShotCluster.Silo.Commands.Models;

/// <summary>
/// Shows that a model can be served: it loads, it is of its kind, its vocabulary fits, and it encodes into finite numbers.
/// </summary>
internal static class ModelProof
{
    /// <exception cref="CheckpointException">The weights cannot be used.</exception>
    /// <exception cref="FewShotException">ModelUnavailable: the vocabulary cannot be used.</exception>
    public static void Check(ModelKind kind, string weights, string? vocabulary, int? resolution)
    {
        using var model = LoadedModel.Load(weights);
        if (model.Kind != kind)
            throw new CheckpointException($"{weights}: the file holds a {Name(model.Kind)} model, not a {Name(kind)} one");
        var side = model.Clip?.ImageResolution ?? resolution ?? RefinerEncoder.DefaultResolution;
        CheckFinite(weights, model.EncodeImages(new float[3 * side * side], [1, 3, side, side], raw: true));
        if (model.Clip is not { } config) return;
        var tokenizer = Vocabulary.Load(vocabulary!, config.VocabularySize, config.ContextLength);
        CheckFinite(weights, model.EncodeTexts(tokenizer.Tokenize("a photo"), raw: true));
    }

    public static string Name(ModelKind kind) => kind == ModelKind.Clip ? "clip" : "convnext";

    private static void CheckFinite(string weights, float[] features)
    {
        if (!features.All(float.IsFinite))
            throw new CheckpointException($"{weights}: the model computes values that are no numbers; the weights are damaged");
    }
}
