using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Inference;
using FewShotCluster.Vision.Inference.Cuda;
using FewShotCluster.Vision.Models;
using FewShotCluster.Vision.Tokenization;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Encoders;

/// <summary>
/// A CLIP model ready to serve: preprocessing, tokenizer and both towers on one device. <see cref="Preprocess"/> may be called from
/// any thread; the encoding members from one thread at a time.
/// </summary>
public sealed class ClipEncoder : IImageTextEncoder
{
    private const int TextBatch = 32;
    private readonly CompiledClip model;
    private readonly ClipTokenizer tokenizer;
    private readonly ClipPreprocessor preprocessor;
    private readonly PixelBatch pictures;
    private readonly RecordedNetwork texts;

    private ClipEncoder(CompiledClip model, ClipTokenizer tokenizer, string digest)
    {
        (this.model, this.tokenizer, Digest) = (model, tokenizer, digest);
        preprocessor = new ClipPreprocessor(model.Config.ImageResolution);
        pictures = new PixelBatch(Resolution, preprocessor.Normalization, model.Plan, pixels => UnitRows(model.EncodeImage(pixels)));
        texts = new RecordedNetwork(model.Plan, tokens => UnitRows(model.EncodeText(tokens)));
    }

    /// <summary>
    /// SHA-256 over weights, vocabulary, activation and preprocessing, hexadecimal: features of another digest are not comparable. The
    /// number format is no part of it: features of float32, bfloat16 and float16 agree to a cosine of 0.9998, and a class set may move.
    /// </summary>
    public string Digest { get; }

    /// <summary>Feature size.</summary>
    public int Dimension => model.Config.EmbedDim;

    /// <summary>exp(logit_scale): the factor from cosines to logits.</summary>
    public double LogitScale => model.LogitScale;

    /// <summary>Input side in pixels.</summary>
    public int Resolution => model.Config.ImageResolution;

    /// <summary>Loads weights and vocabulary.</summary>
    /// <param name="weightsPath">A checkpoint of OpenAI, open_clip or Hugging Face naming: torch archive or safetensors.</param>
    /// <param name="vocabularyPath">BPE merges (text or gzip), construction as OpenAI's.</param>
    /// <param name="plan">Where and how to run; null: float32 on the CPU, the reference.</param>
    /// <param name="activation">What the weights were trained with: OpenAI's with QuickGELU, LAION's mostly with exact GELU.</param>
    /// <param name="weightsDigest">SHA-256 of the weights where the caller knows it already (<see cref="ModelManifest.VerifyWeights"/>).</param>
    /// <exception cref="CheckpointException">The weights or the vocabulary cannot be used.</exception>
    public static ClipEncoder Load(
        string weightsPath, string vocabularyPath, ComputePlan? plan = null, ClipActivation activation = ClipActivation.QuickGelu,
        string? weightsDigest = null)
    {
        using var checkpoint = Checkpoint.Open(weightsPath);
        using var model = Clip.Load(checkpoint, activation);
        var tokenizer = LoadTokenizer(vocabularyPath, model.Config);
        var digest = EncoderDigest.Of(
            [weightsDigest ?? FileDigest.Sha256(weightsPath), FileDigest.Sha256(vocabularyPath)],
            $"{PreprocessingOf(model.Config)} {activation}");
        return new ClipEncoder(new CompiledClip(model, plan ?? ComputePlan.Reference), tokenizer, digest);
    }

    /// <inheritdoc/>
    public string Preprocessing => PreprocessingOf(model.Config);

    /// <summary>The encoder's input of a decoded picture: uint8 [3, Resolution, Resolution].</summary>
    public byte[] Preprocess(RgbImage image) => preprocessor.ToPlanes(image);

    /// <summary>Unit-length image features.</summary>
    /// <param name="planes">Outputs of <see cref="Preprocess"/>.</param>
    /// <returns>[N, Dimension], row-major.</returns>
    public float[] EncodeImages(IReadOnlyList<byte[]> planes)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        return ToArray(pictures.Run(planes));
    }

    /// <summary>Unit-length text features; texts longer than the context are cut before the end token.</summary>
    /// <returns>[N, Dimension], row-major.</returns>
    public float[] EncodeTexts(IReadOnlyList<string> texts)
    {
        using var mode = inference_mode();
        var rows = new float[texts.Count * Dimension];
        var tokens = texts.Select(text => tokenizer.Tokenize([text])).ToArray();
        // A batch computes as many positions as its longest text has: neighbours in length share one.
        var order = Enumerable.Range(0, texts.Count).OrderBy(i => Array.IndexOf(tokens[i], tokens[i].Max()));
        foreach (var batch in order.Chunk(TextBatch))
        {
            using var scope = NewDisposeScope();
            var input = tensor(batch.SelectMany(i => tokens[i]).ToArray(), [batch.Length, model.Config.ContextLength]);
            var features = ToArray(this.texts.Run(model.Trim(input)));
            for (var row = 0; row < batch.Length; row++)
                features.AsSpan(row * Dimension, Dimension).CopyTo(rows.AsSpan(batch[row] * Dimension));
        }
        return rows;
    }

    /// <summary>Releases the weights.</summary>
    public void Dispose()
    {
        pictures.Dispose();
        texts.Dispose();
        model.Dispose();
    }

    private static string PreprocessingOf(ClipConfig config) => $"clip {config.ImageResolution} rgb-first bicubic";

    private static Tensor UnitRows(Tensor features) => nn.functional.normalize(features.to(ScalarType.Float32), dim: -1);

    private static float[] ToArray(Tensor rows) => rows.cpu().data<float>().ToArray();

    private static ClipTokenizer LoadTokenizer(string path, ClipConfig config)
    {
        try
        {
            return ClipTokenizer.Load(path, config.VocabularySize, config.ContextLength);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CheckpointException($"{path}: not a usable BPE vocabulary: {e.Message}", e);
        }
    }
}
