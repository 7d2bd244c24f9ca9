using System.Text.Json;
using System.Text.Json.Serialization;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Silo.Http;

/// <summary>Body of <c>PUT /v1/class-sets/{id}</c>.</summary>
internal sealed record CreateClassSetBody(IReadOnlyList<ClassDefinition> Classes, JsonElement? Policy = null)
{
    public ClassSetDefinition ToDefinition() => new()
    {
        Classes = Classes,
        Policy = Policy is { } given ? PolicyJson.Parse(given) : new ClassSetPolicy(),
    };
}

/// <summary>Body of <c>POST .../classes</c>.</summary>
internal sealed record AddClassesBody(IReadOnlyList<ClassDefinition> Classes);

/// <summary>An error as RFC 9457 problem details, with the closed code.</summary>
internal sealed record Problem(string Type, string Title, int Status, string Detail, FewShotErrorCode Code);

/// <summary>The API's JSON: camel case, enums as words; an unknown or missing member of a request is an error, not a guess.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(CreateClassSetBody))]
[JsonSerializable(typeof(AddClassesBody))]
[JsonSerializable(typeof(ClassSetVersion))]
[JsonSerializable(typeof(ClassSetDescription))]
[JsonSerializable(typeof(IReadOnlyList<ClassSetSummary>))]
[JsonSerializable(typeof(ClassificationAnswer))]
[JsonSerializable(typeof(ClusterStatus))]
[JsonSerializable(typeof(Problem))]
internal sealed partial class EdgeJson : JsonSerializerContext;
