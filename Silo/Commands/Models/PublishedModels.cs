using FewShotCluster.Vision.Encoders;

namespace FewShotCluster.Silo.Commands.Models;

/// <summary>Weights that others published and this program can serve.</summary>
/// <param name="Name">The publisher's name.</param>
/// <param name="Kind">null: a vocabulary.</param>
/// <param name="File">The publisher's file name.</param>
/// <param name="Sha256">Of that file, where the publisher tells it.</param>
/// <param name="Licence">Of the file, which may differ from its code's.</param>
/// <param name="Publisher">Where to look for it.</param>
internal sealed record PublishedModel(string Name, ModelKind? Kind, string File, string? Sha256, string Licence, string Publisher);

internal static class PublishedModels
{
    public static IReadOnlyList<PublishedModel> All { get; } =
    [
        new(
            "ViT-B/32", ModelKind.Clip, "ViT-B-32.pt", "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af",
            "MIT", "openai/CLIP"),
        new(
            "RN101", ModelKind.Clip, "RN101.pt", "8fa8567bab74a42d41c5915025a8e4538c3bdbe8804a470a72f30b0d94fab599",
            "MIT", "openai/CLIP"),
        new(
            "ConvNeXt-V2-B", ModelKind.ConvNeXt, "convnextv2_base_1k_224_ema.pt", null,
            "CC BY-NC 4.0 (no commercial use)", "facebookresearch/ConvNeXt-V2"),
        new(
            "vocabulary", null, "bpe_simple_vocab_16e6.txt.gz", "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a",
            "MIT", "openai/CLIP"),
    ];

    /// <summary>The licence of weights that are recognised by their digest or, where no digest is published, by their file name.</summary>
    public static string? LicenceOf(string sha256, string fileName) =>
        All.FirstOrDefault(m => m.Kind is not null && (m.Sha256 is null ? m.File == fileName : m.Sha256 == sha256))?.Licence;
}
