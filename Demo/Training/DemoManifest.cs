using System.Text.Json;
using System.Text.Json.Serialization;
using FewShotCluster.Vision.Encoders;

namespace FewShotCluster.Demo.Training;

/// <summary>
/// The manifest of the demo's models folder: what a node reads (<see cref="ModelManifest"/>), and how the weights came to be.
/// </summary>
public sealed record DemoManifest(int Schema, IReadOnlyList<ModelEntry> Models, TrainingNotes Training)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static DemoManifest Load(string folder)
    {
        var path = Path.Combine(folder, ModelManifest.FileName);
        return JsonSerializer.Deserialize<DemoManifest>(File.ReadAllBytes(path), Json)
            ?? throw new InvalidDataException($"{path} is empty");
    }

    public void Save(string folder) =>
        File.WriteAllText(Path.Combine(folder, ModelManifest.FileName), JsonSerializer.Serialize(this, Json) + "\n");
}

/// <summary>
/// How a set of demo weights was made: version of the recipe, seed, pictures drawn, samples seen and input of each model, whole
/// seconds of training, and the digest of the vocabulary.
/// </summary>
public sealed record TrainingNotes(
    int Recipe, ulong Seed, int Pictures, int DogPictures, IReadOnlyDictionary<string, ModelNotes> Models,
    string VocabularySha256, long Seconds);

/// <summary>
/// One model: side of its input in pixels, channel statistics of pixels in [0, 1], samples it saw in training, its logit scale if
/// it is a CLIP.
/// </summary>
public sealed record ModelNotes(
    int Input, IReadOnlyList<float> Mean, IReadOnlyList<float> StandardDeviation, int Samples, float? LogitScale = null);
