using System.Text.Json;
using FewShotCluster.Bench.Models;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Models;
using FewShotCluster.Vision.Tokenization;

namespace FewShotCluster.Bench.Serving;

/// <summary>A models folder of true sizes with random weights, for nodes and workers that are measured.</summary>
public static class TrueSizeFolder
{
    /// <summary>Writes ViT-B/32 and a manifest.</summary>
    /// <param name="folder">Made if absent.</param>
    /// <param name="vocabulary">BPE merges; speed does not depend on what they are.</param>
    public static void Write(string folder, string vocabulary)
    {
        const string model = "vit-b-32", weights = model + ".safetensors", merges = "merges.txt";
        Directory.CreateDirectory(folder);
        // As many tokens as the merges define: the rest of the text tower, and all of the image tower, is of true size.
        var tokens = ClipVocabulary.FixedTokens + ClipVocabulary.ReadMerges(vocabulary, int.MaxValue).Count;
        using (var network = new Clip(TrueSize.ViTB32 with { VocabularySize = tokens }))
        {
            RandomWeights.Fill(network, seed: 1);
            SafetensorsWriter.Write(Path.Combine(folder, weights), network.state_dict());
        }
        File.Copy(vocabulary, Path.Combine(folder, merges), overwrite: true);
        File.WriteAllText(Path.Combine(folder, "manifest.json"), JsonSerializer.Serialize(new
        {
            schema = 1,
            models = new[] { new { name = model, kind = "clip", weights, vocabulary = merges } },
        }));
    }
}
