using FewShotCluster.Vision.Encoders;

namespace FewShotCluster.Silo.Commands.Encode;

/// <summary>The network that encoded.</summary>
/// <param name="Kind">clip or convnext.</param>
/// <param name="Embed">Size of its features (a ConvNeXt's logits have another).</param>
/// <param name="Resolution">CLIP: input side in pixels.</param>
/// <param name="Digest">SHA-256 of the weights file.</param>
internal sealed record EncoderReport(ModelKind Kind, int Embed, int? Resolution, string Digest);

/// <summary>A file that was left out, and why.</summary>
internal sealed record FailedFile(string File, string Code, string Message);

/// <summary>
/// <c>encode images --json</c>: names of the encoded files in the order of the rows; seconds of decoding and encoding, without loading.
/// </summary>
internal sealed record ImagesReport(
    IReadOnlyList<string> Files, IReadOnlyList<FailedFile> Failed, double Seconds, double ImagesPerSecond, EncoderReport Encoder);

/// <summary><c>encode texts --json</c>.</summary>
internal sealed record TextsReport(int Texts, double Seconds, double TextsPerSecond, EncoderReport Encoder);

/// <summary><c>encode tensors --json</c>.</summary>
internal sealed record TensorsReport(long Images, double Seconds, double ImagesPerSecond, EncoderReport Encoder);
