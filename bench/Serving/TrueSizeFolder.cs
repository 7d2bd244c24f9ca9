using System.Text.Json;
using FewShotCluster.Bench.Models;
using FewShotCluster.Vision.Checkpoints;

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
        using (var network = TrueSize.All.Single(size => size.Name == model).Random(seed: 1))
            SafetensorsWriter.Write(Path.Combine(folder, weights), network.state_dict());
        File.Copy(vocabulary, Path.Combine(folder, merges), overwrite: true);
        File.WriteAllText(Path.Combine(folder, "manifest.json"), JsonSerializer.Serialize(new
        {
            schema = 1,
            models = new[] { new { name = model, kind = "clip", weights, vocabulary = merges } },
        }));
    }
}
