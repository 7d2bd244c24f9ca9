using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client;

/// <summary>
/// A <see cref="ClassSetPolicy"/> as JSON, for files and request bodies: camel-case names; an absent one keeps its default, an unknown one is an error.
/// </summary>
public static class PolicyJson
{
    /// <summary>Reads a policy.</summary>
    /// <param name="given">A JSON object.</param>
    /// <exception cref="FewShotException">InvalidArgument: not an object, an unknown name, a value of another type.</exception>
    public static ClassSetPolicy Parse(JsonElement given)
    {
        if (given.ValueKind != JsonValueKind.Object) throw Invalid($"a JSON object is needed, not {given.ValueKind}", null);
        // Laid over the defaults: generated readers set what is absent to null or zero.
        var all = JsonSerializer.SerializeToNode(new ClassSetPolicy(), PolicyContext.Default.ClassSetPolicy)!.AsObject();
        try
        {
            foreach (var member in given.EnumerateObject()) all[member.Name] = JsonNode.Parse(member.Value.GetRawText());
            return all.Deserialize(PolicyContext.Default.ClassSetPolicy)!;
        }
        // The second is how the reader says that a name is no text: half a surrogate pair.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Invalid(e.Message, e);
        }
    }

    private static FewShotException Invalid(string reason, Exception? cause) =>
        new(FewShotErrorCode.InvalidArgument, $"the policy: {reason}", inner: cause);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ClassSetPolicy))]
internal sealed partial class PolicyContext : JsonSerializerContext;
