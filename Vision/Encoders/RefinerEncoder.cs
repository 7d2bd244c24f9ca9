using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Inference;
using FewShotCluster.Vision.Models;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Encoders;

/// <summary>
/// A frozen ConvNeXt-V2 backbone ready to serve: preprocessing and pooled features on one device; heads belong to class sets.
/// <see cref="Preprocess"/> may be called from any thread, <see cref="Encode"/> from one at a time.
/// </summary>
public sealed class RefinerEncoder : IRefinerBackbone
{
    /// <summary>Input side of ConvNeXt-V2 in the seed's pipeline, pixels.</summary>
    public const int DefaultResolution = 384;

    // The base model's activations at 384 pixels are about 80 MB an image: more rows at once cost memory, and a CPU gains nothing.
    private const int MaxRowsOnCpu = 8, MaxRowsOnGpu = 64;

    private readonly CompiledConvNeXtV2 model;
    private readonly RefinerPreprocessor preprocessor;
    private readonly PixelBatch pictures;

    private RefinerEncoder(CompiledConvNeXtV2 model, int resolution, string digest)
    {
        (this.model, Digest) = (model, digest);
        preprocessor = new RefinerPreprocessor(resolution);
        pictures = new PixelBatch(resolution, preprocessor.Normalization, model.Plan, pixels => model.Features(pixels).to(ScalarType.Float32));
    }

    /// <summary>SHA-256 over weights and preprocessing, hexadecimal; the number format is no part of it, as in <see cref="ClipEncoder"/>.</summary>
    public string Digest { get; }

    /// <summary>Feature size.</summary>
    public int Dimension => model.Dims[3];

    /// <summary>Input side in pixels.</summary>
    public int Resolution => preprocessor.Size;

    /// <summary>Loads the backbone.</summary>
    /// <param name="weightsPath">A checkpoint of facebookresearch, Hugging Face or timm naming: torch archive or safetensors.</param>
    /// <param name="resolution">Input side in pixels.</param>
    /// <param name="plan">Where and how to run; null: float32 on the CPU, the reference.</param>
    /// <param name="weightsDigest">SHA-256 of the weights where the caller knows it already (<see cref="ModelManifest.VerifyWeights"/>).</param>
    /// <exception cref="CheckpointException">The weights cannot be used.</exception>
    public static RefinerEncoder Load(
        string weightsPath, int resolution = DefaultResolution, ComputePlan? plan = null, string? weightsDigest = null)
    {
        using var checkpoint = Checkpoint.Open(weightsPath);
        using var model = ConvNeXtV2.Load(checkpoint);
        var digest = EncoderDigest.Of([weightsDigest ?? FileDigest.Sha256(weightsPath)], $"convnext {resolution} squash bilinear");
        return new RefinerEncoder(new CompiledConvNeXtV2(model, plan ?? ComputePlan.Reference, resolution), resolution, digest);
    }

    /// <summary>The backbone's input of a decoded picture: uint8 [3, Resolution, Resolution].</summary>
    public byte[] Preprocess(RgbImage image) => preprocessor.ToPlanes(image);

    /// <summary>Pooled features after the last norm, not normalised.</summary>
    /// <param name="planes">Outputs of <see cref="Preprocess"/>, or augmented views of them.</param>
    /// <returns>[N, Dimension], row-major.</returns>
    public float[] Encode(IReadOnlyList<byte[]> planes)
    {
        using var mode = inference_mode();
        var rows = new float[planes.Count * Dimension];
        var most = model.Plan.IsCpu ? MaxRowsOnCpu : MaxRowsOnGpu;
        for (var start = 0; start < planes.Count; start += most)
        {
            using var scope = NewDisposeScope();
            var batch = planes.Skip(start).Take(most).ToList();
            var features = pictures.Run(batch).cpu();
            features.data<float>().ToArray().CopyTo(rows, start * Dimension);
        }
        return rows;
    }

    /// <summary>Releases the weights.</summary>
    public void Dispose()
    {
        pictures.Dispose();
        model.Dispose();
    }
}
