using System.Text.Json;
using System.Text.Json.Serialization;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Models;

namespace FewShotCluster.Vision.Encoders;

/// <summary>What a model is for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ModelKind>))]
public enum ModelKind
{
    /// <summary>A CLIP model: images and texts into one space.</summary>
    [JsonStringEnumMemberName("clip")]
    Clip,

    /// <summary>A ConvNeXt-V2 backbone for the refiner.</summary>
    [JsonStringEnumMemberName("convnext")]
    ConvNeXt,
}

/// <summary>One model of a models folder.</summary>
/// <param name="Name">Its name in class sets, metrics and answers.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="Weights">File name of the weights, relative to the folder.</param>
/// <param name="Vocabulary">CLIP: file name of the BPE merges, relative to the folder.</param>
/// <param name="Sha256">Expected SHA-256 of the weights, hexadecimal; null: not checked.</param>
/// <param name="Resolution">ConvNeXt: input side in pixels (CLIP's comes from its weights).</param>
/// <param name="Licence">Licence of the weights.</param>
/// <param name="Activation">CLIP: <c>quickGelu</c> (OpenAI's weights, the default) or <c>gelu</c> (most of LAION's).</param>
public sealed record ModelEntry(
    string Name, ModelKind Kind, string Weights, string? Vocabulary = null, string? Sha256 = null, int? Resolution = null,
    string? Licence = null, ClipActivation Activation = ClipActivation.QuickGelu);

/// <summary>The file <c>manifest.json</c> of a models folder: which models a node serves.</summary>
/// <param name="Schema">Version of this format: 1.</param>
/// <param name="Models">The models.</param>
public sealed record ModelManifest(int Schema, IReadOnlyList<ModelEntry> Models)
{
    /// <summary>Its name in the folder.</summary>
    public const string FileName = "manifest.json";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>The folder it was read from.</summary>
    [JsonIgnore]
    public string Folder { get; init; } = "";

    /// <summary>Reads the manifest of a folder and checks that every file it names is there, unique and inside the folder.</summary>
    /// <exception cref="CheckpointException">No folder, no manifest, or one that cannot be served.</exception>
    public static ModelManifest Load(string folder)
    {
        var manifest = Read(folder);
        var path = Path.Combine(folder, FileName);
        if (manifest.Models.Count == 0) throw new CheckpointException($"{path}: it names no models");
        foreach (var model in manifest.Models)
        {
            manifest.Resolve(model.Weights);
            if (model.Kind == ModelKind.Clip)
                manifest.Resolve(model.Vocabulary ?? throw new CheckpointException($"{path}: model '{model.Name}' names no vocabulary"));
        }
        return manifest;
    }

    /// <summary>Reads the manifest of a folder alone, whose files may still be missing.</summary>
    /// <exception cref="CheckpointException">No folder, no manifest, or an unreadable one.</exception>
    public static ModelManifest Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        ModelManifest manifest;
        try
        {
            manifest = JsonSerializer.Deserialize<ModelManifest>(File.ReadAllBytes(path), Json) ?? throw new JsonException("empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: no models manifest there; --models names a folder that holds one", e);
        }
        catch (JsonException e)
        {
            throw new CheckpointException($"{path}: unreadable models manifest: {e.Message}", e);
        }

        if (manifest.Schema != 1) throw new CheckpointException($"{path}: schema {manifest.Schema} is not supported, this build reads schema 1");
        if (manifest.Models is null) throw new CheckpointException($"{path}: it has no list of models");
        if (manifest.Models.GroupBy(m => m.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new CheckpointException($"{path}: two models are called '{twice.Key}'");
        return manifest with { Folder = folder };
    }

    /// <summary>Full path of a file that the manifest names.</summary>
    /// <exception cref="CheckpointException">Absent, or outside the folder.</exception>
    public string Resolve(string file)
    {
        var root = Path.GetFullPath(Folder) + Path.DirectorySeparatorChar;
        var full = Path.GetFullPath(Path.Combine(root, file));
        if (!full.StartsWith(root, StringComparison.Ordinal)) throw new CheckpointException($"{Folder}: '{file}' lies outside the models folder");
        return File.Exists(full) ? full : throw new CheckpointException($"{full}: the file that the manifest names is missing");
    }

    /// <summary>SHA-256 of a model's weights, hexadecimal; compared with the manifest's.</summary>
    /// <exception cref="CheckpointException">The digest differs: the file is damaged or was exchanged.</exception>
    public string VerifyWeights(ModelEntry model)
    {
        var path = Resolve(model.Weights);
        var digest = FileDigest.Sha256(path);
        if (model.Sha256 is { } expected && !digest.Equals(expected, StringComparison.OrdinalIgnoreCase))
            throw new CheckpointException($"{path}: SHA-256 is {digest}, the manifest says {expected}: damaged or exchanged");
        return digest;
    }
}
