using System.Text.Json.Serialization;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.Load;

namespace FewShotCluster.Cli.Output;

/// <summary>Report of <c>classify</c>.</summary>
internal sealed record ClassifyReport(IReadOnlyList<ClassifiedFile> Files, IReadOnlyList<FailedInput> Failed);

/// <summary>One classified file.</summary>
internal sealed record ClassifiedFile(string File, ClassificationAnswer Answer);

/// <summary>A shot as <c>shots list</c> reports it.</summary>
internal sealed record ShotLine(int ClassId, string Key);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(ClassifyReport))]
[JsonSerializable(typeof(PredictReport))]
[JsonSerializable(typeof(EvaluationReport))]
[JsonSerializable(typeof(ClassSetVersion))]
[JsonSerializable(typeof(AddShotsResult))]
[JsonSerializable(typeof(FitStatus))]
[JsonSerializable(typeof(ClassSetDescription))]
[JsonSerializable(typeof(IReadOnlyList<ClassSetSummary>))]
[JsonSerializable(typeof(ShotsEdited))]
[JsonSerializable(typeof(IReadOnlyList<ShotLine>))]
[JsonSerializable(typeof(IReadOnlyList<ClassSetVersionRecord>))]
[JsonSerializable(typeof(ClusterStatus))]
[JsonSerializable(typeof(LoadReport))]
internal sealed partial class Reports : JsonSerializerContext;
