using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Models;
using FewShotCluster.Vision.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Encoders;

/// <summary>
/// A CLIP model ready to serve: preprocessing, tokenizer and both towers on one device. <see cref="Preprocess"/> may be called from
/// any thread; the encoding members from one thread at a time.
/// </summary>
public sealed class ClipEncoder : IImageTextEncoder
{
    private const int TextBatch = 64;
    private readonly Clip model;
    private readonly ClipTokenizer tokenizer;
    private readonly ClipPreprocessor preprocessor;
    private readonly PixelBatch pixels;
    private readonly Device device;
    private readonly ScalarType dtype;

    private ClipEncoder(Clip model, ClipTokenizer tokenizer, string digest, Device device, ScalarType dtype)
    {
        this.model = model;
        this.tokenizer = tokenizer;
        this.device = device;
        this.dtype = dtype;
        preprocessor = new ClipPreprocessor(model.Config.ImageResolution);
        pixels = new PixelBatch(Resolution, preprocessor.Normalization, device, dtype);
        Digest = digest;
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        LogitScale = model.LogitScale.exp().to(ScalarType.Float32).cpu().item<float>();
        model.to(device, dtype);
    }

    /// <summary>SHA-256 over weights, vocabulary, dtype and preprocessing, hexadecimal: features of another digest are not comparable.</summary>
    public string Digest { get; }

    /// <summary>Feature size.</summary>
    public int Dimension => model.Config.EmbedDim;

    /// <summary>exp(logit_scale): the factor from cosines to logits.</summary>
    public double LogitScale { get; }

    /// <summary>Input side in pixels.</summary>
    public int Resolution => model.Config.ImageResolution;

    /// <summary>Loads weights and vocabulary.</summary>
    /// <param name="weightsPath">A checkpoint of OpenAI, open_clip or Hugging Face naming: torch archive or safetensors.</param>
    /// <param name="vocabularyPath">BPE merges (text or gzip), construction as OpenAI's.</param>
    /// <param name="device">Where to run; null: CPU.</param>
    /// <param name="dtype">Weights' and activations' dtype; float32 is the reference.</param>
    /// <param name="activation">What the weights were trained with: OpenAI's with QuickGELU, LAION's mostly with exact GELU.</param>
    /// <param name="weightsDigest">SHA-256 of the weights where the caller knows it already (<see cref="ModelManifest.VerifyWeights"/>).</param>
    /// <exception cref="CheckpointException">The weights or the vocabulary cannot be used.</exception>
    public static ClipEncoder Load(
        string weightsPath, string vocabularyPath, Device? device = null, ScalarType dtype = ScalarType.Float32,
        ClipActivation activation = ClipActivation.QuickGelu, string? weightsDigest = null)
    {
        using var checkpoint = Checkpoint.Open(weightsPath);
        var model = Clip.Load(checkpoint, activation);
        try
        {
            var tokenizer = LoadTokenizer(vocabularyPath, model.Config);
            var digest = EncoderDigest.Of(
                [weightsDigest ?? FileDigest.Sha256(weightsPath), FileDigest.Sha256(vocabularyPath)],
                $"clip {model.Config.ImageResolution} rgb-first bicubic {activation} {dtype}");
            return new ClipEncoder(model, tokenizer, digest, device ?? CPU, dtype);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>The encoder's input of a decoded picture: uint8 [3, Resolution, Resolution].</summary>
    public byte[] Preprocess(RgbImage image) => preprocessor.ToPlanes(image);

    /// <summary>Unit-length image features.</summary>
    /// <param name="planes">Outputs of <see cref="Preprocess"/>.</param>
    /// <returns>[N, Dimension], row-major.</returns>
    public float[] EncodeImages(IReadOnlyList<byte[]> planes)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        return UnitRows(model.encode_image(pixels.ToInput(planes)));
    }

    /// <summary>Unit-length text features; texts longer than the context are cut before the end token.</summary>
    /// <returns>[N, Dimension], row-major.</returns>
    public float[] EncodeTexts(IReadOnlyList<string> texts)
    {
        using var mode = inference_mode();
        var rows = new float[texts.Count * Dimension];
        for (var start = 0; start < texts.Count; start += TextBatch)
        {
            using var scope = NewDisposeScope();
            var batch = texts.Skip(start).Take(TextBatch).ToList();
            var tokens = tensor(tokenizer.Tokenize(batch), [batch.Count, model.Config.ContextLength]).to(device);
            UnitRows(model.encode_text(tokens)).CopyTo(rows, start * Dimension);
        }
        return rows;
    }

    /// <summary>Releases the weights.</summary>
    public void Dispose()
    {
        pixels.Dispose();
        model.Dispose();
    }

    private static float[] UnitRows(Tensor features) =>
        nn.functional.normalize(features.to(ScalarType.Float32), dim: -1).cpu().data<float>().ToArray();

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
