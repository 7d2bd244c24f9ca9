using System.Text.Json;
using System.Text.Json.Serialization;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client.Testing;

/// <summary>The manifest of a set that the in-memory double exported; a cluster refuses it by its format.</summary>
internal sealed record InMemoryManifest(
    string Format, string ClassSetId, ClassSetPolicy Policy, ClassDescription[] Classes, InMemoryManifest.LabelledKey[] Shots)
{
    private const string Name = "fewshot-in-memory";

    public sealed record LabelledKey(int ClassId, string Key);

    public static byte[] Write(string classSetId, InMemoryContent content) => JsonSerializer.SerializeToUtf8Bytes(
        new InMemoryManifest(Name, classSetId, content.Policy, content.Classes, [.. content.Shots.Select(s => new LabelledKey(s.ClassId, s.Key.ToString()))]),
        InMemoryJson.Default.InMemoryManifest);

    public static InMemoryContent Read(byte[] json)
    {
        var manifest = JsonSerializer.Deserialize(json, InMemoryJson.Default.InMemoryManifest);
        if (manifest?.Format != Name)
            throw new FewShotException(FewShotErrorCode.InvalidArgument, "the file was exported by a cluster, not by the in-memory double");
        return new InMemoryContent(
            manifest.Policy,
            manifest.Classes,
            [.. manifest.Shots.Select(s => new ShotRecord(s.ClassId, ContentKey.FromBytes(Convert.FromHexString(s.Key))))]);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(InMemoryManifest))]
internal sealed partial class InMemoryJson : JsonSerializerContext;
