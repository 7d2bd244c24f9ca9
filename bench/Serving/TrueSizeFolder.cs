using System.Text.Json;
using FewShotCluster.Bench.Models;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Models;
using FewShotCluster.Vision.Tokenization;
using static TorchSharp.torch;

namespace FewShotCluster.Bench.Serving;

/// <summary>A models folder of true sizes with random weights, for nodes and workers that are measured.</summary>
public static class TrueSizeFolder
{
    private const string Merges = "merges.txt";

    /// <summary>Writes ViT-B/32 and a manifest.</summary>
    /// <param name="folder">Made if absent.</param>
    /// <param name="vocabulary">BPE merges; speed does not depend on what they are.</param>
    public static void WriteEncoder(string folder, string vocabulary) => Write(folder, vocabulary, [TrueSize.ViTB32], refiner: false);

    /// <summary>Writes all of a cascade: ViT-B/32, RN101 and ConvNeXt-V2-Base at 384 pixels.</summary>
    /// <inheritdoc cref="WriteEncoder" path="/param"/>
    public static void WriteCascade(string folder, string vocabulary) => Write(folder, vocabulary, [TrueSize.ViTB32, TrueSize.Rn101], refiner: true);

    private static void Write(string folder, string vocabulary, IEnumerable<ClipConfig> encoders, bool refiner)
    {
        Directory.CreateDirectory(folder);
        // As many tokens as the merges define: the rest of the text tower, and all of the image tower, is of true size.
        var tokens = ClipVocabulary.FixedTokens + ClipVocabulary.ReadMerges(vocabulary, int.MaxValue).Count;
        var models = encoders.Select(config => Save(folder, new Clip(config with { VocabularySize = tokens }), "clip")).ToList();
        if (refiner) models.Add(Save(folder, TrueSize.All.Single(size => size.Name == "convnextv2-base").Create(), "convnext"));
        File.Copy(vocabulary, Path.Combine(folder, Merges), overwrite: true);
        File.WriteAllText(Path.Combine(folder, ModelManifest.FileName), JsonSerializer.Serialize(new { schema = 1, models }));
    }

    private static object Save(string folder, nn.Module network, string kind)
    {
        using (network)
        {
            RandomWeights.Fill(network, seed: 1);
            var name = TrueSize.Of(network)!.Name;
            var weights = name + ".safetensors";
            SafetensorsWriter.Write(Path.Combine(folder, weights), network.state_dict());
            return new { name, kind, weights, vocabulary = kind == "clip" ? Merges : null };
        }
    }
}
