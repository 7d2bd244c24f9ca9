using System.Text.Json;
using System.Text.Json.Serialization;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Adaptation;

namespace FewShotCluster.Grains.ClassSets.Archives;

/// <summary>
/// <c>manifest.json</c> of an exported class set: everything but the arrays' numbers. Positions count the classes from 0; shapes of the
/// arrays follow from it (<see cref="ArchiveLayout"/>).
/// </summary>
internal sealed record ArchiveManifest
{
    public const string FormatName = "fewshot-class-set";
    public const int FormatNumber = 1;

    public required string Format { get; init; }

    public required int FormatVersion { get; init; }

    public required string ClassSetId { get; init; }

    public required long Version { get; init; }

    public required ClassSetPolicy Policy { get; init; }

    public required ClassDefinition[] Classes { get; init; }

    public required int[] RetiredIds { get; init; }

    public required ManifestEncoder[] Encoders { get; init; }

    /// <summary>Null: no refiner's head is fitted.</summary>
    public required ManifestRefiner? Refiner { get; init; }

    /// <summary>The backbone whose views the shots carry; null: none do.</summary>
    public required EncoderInfo? RefinerBackbone { get; init; }

    /// <summary>The shots as they were added.</summary>
    public required ManifestShots[] Shots { get; init; }

    public required string ProxyBasis { get; init; }

    public required StageCalibration[] Calibration { get; init; }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ManifestJson.Default.ArchiveManifest);

    /// <exception cref="FewShotException">InvalidArgument: no manifest, or one of another format.</exception>
    public static ArchiveManifest Parse(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            // The number first: a later format may have other members.
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("format", out var format) || format.GetString() != FormatName)
                throw Invalid("it is no manifest of a class set");
            if (!root.TryGetProperty("formatVersion", out var number) || number.GetInt32() != FormatNumber)
                throw Invalid($"its format version is {number}, this build reads {FormatNumber}: import it with the build that wrote it, or a later one");
            return root.Deserialize(ManifestJson.Default.ArchiveManifest) ?? throw Invalid("it is null");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw Invalid(e.Message);
        }
    }

    private static FewShotException Invalid(string reason) => new(FewShotErrorCode.InvalidArgument, $"the manifest: {reason}");
}

/// <summary>One encoder of an exported set.</summary>
internal sealed record ManifestEncoder
{
    public required EncoderInfo Info { get; init; }

    public required double ProxyShare { get; init; }

    public required double ProbeShare { get; init; }

    public required int[] FittedClasses { get; init; }

    public required ProxyMethod ProxyMethod { get; init; }

    public required double ProxyLearningRate { get; init; }

    public required int[] GateClasses { get; init; }

    public required int[] ProbeClasses { get; init; }

    public required int ProbeShots { get; init; }

    /// <summary>Whether the probe was fitted on the shots as they are.</summary>
    public required bool ProbeIsCurrent { get; init; }
}

/// <summary>The refiner's head of an exported set.</summary>
internal sealed record ManifestRefiner(string Family, EncoderInfo Backbone, int[] Classes, int Shots);

/// <summary>A stretch of the shots.</summary>
/// <param name="Count">Shots.</param>
/// <param name="ViewClasses">Class position of each of them that has views.</param>
/// <param name="ViewsPerShot">Views of each of those.</param>
internal sealed record ManifestShots(int Count, int[] ViewClasses, int ViewsPerShot);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    WriteIndented = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(ArchiveManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
