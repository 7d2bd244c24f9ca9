using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Models;

namespace FewShotCluster.Silo.Commands.Models;

/// <summary>A file that others published and this program can serve.</summary>
/// <param name="Name">What <c>models pull</c> and class sets call it.</param>
/// <param name="Kind">null: a vocabulary.</param>
/// <param name="File">Its name in a models folder; the publisher's, where that tells one model from another.</param>
/// <param name="Url">Where its publisher offers it.</param>
/// <param name="Sha256">Of that file, where its digest is published.</param>
/// <param name="Size">In bytes, where it is known.</param>
/// <param name="Licence">Of the file, which may differ from its code's.</param>
/// <param name="Publisher">Who made it.</param>
/// <param name="Activation">CLIP: what it was trained with.</param>
/// <param name="Resolution">Input side in pixels.</param>
/// <param name="IsRestricted">Its licence forbids uses, so that somebody has to accept it.</param>
internal sealed record PublishedModel(
    string Name, ModelKind? Kind, string File, Uri Url, string? Sha256, long? Size, string Licence, string Publisher,
    ClipActivation? Activation = null, int? Resolution = null, bool IsRestricted = false);

/// <summary>The catalogue of <c>models pull</c>.</summary>
internal static class PublishedModels
{
    private const string OpenAiPublisher = "openai/CLIP";

    /// <summary>The merges of every CLIP model below; fetched along with the first.</summary>
    public static PublishedModel Vocabulary { get; } = new(
        "clip-vocabulary", null, "bpe_simple_vocab_16e6.txt.gz",
        new Uri("https://github.com/openai/CLIP/raw/main/clip/bpe_simple_vocab_16e6.txt.gz"),
        "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a", 1_356_917, "MIT", OpenAiPublisher);

    /// <summary>Digests: OpenAI's are a part of their URLs (clip/clip.py), LAION's is the repository's entry of this revision.</summary>
    public static IReadOnlyList<PublishedModel> Models { get; } =
    [
        OpenAi("clip-vit-b32", "ViT-B-32.pt", "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af", 353_976_522, 224),
        OpenAi("clip-vit-b16", "ViT-B-16.pt", "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f", 350_837_078, 224),
        OpenAi("clip-vit-l14", "ViT-L-14.pt", "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836", 932_768_134, 224),
        OpenAi(
            "clip-vit-l14-336", "ViT-L-14-336px.pt", "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02", 934_088_680, 336),
        OpenAi("clip-rn50", "RN50.pt", "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762", 255_827_503, 224),
        OpenAi("clip-rn101", "RN101.pt", "8fa8567bab74a42d41c5915025a8e4538c3bdbe8804a470a72f30b0d94fab599", 291_791_292, 224),
        OpenAi("clip-rn50x4", "RN50x4.pt", "7e526bd135e493cef0776de27d5f42653e6b4c8bf9e0f653bb11773263205fdd", 421_854_225, 288),
        OpenAi("clip-rn50x16", "RN50x16.pt", "52378b407f34354e150460fe41077663dd5b39c54cd0bfd2b27167a4a06ec9aa", 661_125_706, 384),
        OpenAi("clip-rn50x64", "RN50x64.pt", "be1cfb55d75a9666199fb2206c106743da0f6468c9d327f3e0d0a543a9919d9c", 1_353_500_174, 448),
        new(
            "clip-vit-b32-laion2b", ModelKind.Clip, "CLIP-ViT-B-32-laion2B-s34B-b79K.safetensors",
            new Uri("https://huggingface.co/laion/CLIP-ViT-B-32-laion2B-s34B-b79K/resolve/1a25a446712ba5ee05982a381eed697ef9b435cf/"
                + "open_clip_model.safetensors"),
            "ac4f8c4b88af6d963118cbf40ad93176d092abbedfcb752601ae1866352656e6", 605_143_316, "MIT", "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
            ClipActivation.Gelu, 224),
        new(
            "convnextv2-base", ModelKind.ConvNeXt, "convnextv2_base_1k_224_ema.pt",
            new Uri("https://dl.fbaipublicfiles.com/convnext/convnextv2/im1k/convnextv2_base_1k_224_ema.pt"),
            null, null, "CC BY-NC 4.0 (no commercial use)", "facebookresearch/ConvNeXt-V2", Resolution: 384, IsRestricted: true),
    ];

    public static IReadOnlyList<PublishedModel> All { get; } = [.. Models, Vocabulary];

    /// <summary>Weights recognised by their digest or, where none is published, by their file name; null: others.</summary>
    public static PublishedModel? Recognise(string sha256, string fileName) =>
        Models.FirstOrDefault(m => m.Sha256 is null ? m.File == fileName : m.Sha256 == sha256);

    private static PublishedModel OpenAi(string name, string file, string sha256, long size, int resolution) => new(
        name, ModelKind.Clip, file, new Uri($"https://openaipublic.azureedge.net/clip/models/{sha256}/{file}"), sha256, size, "MIT",
        OpenAiPublisher, ClipActivation.QuickGelu, resolution);
}
