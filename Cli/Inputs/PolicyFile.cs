using System.Text.Json;
using FewShotCluster.Cli.Output;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Inputs;

/// <summary>A <see cref="ClassSetPolicy"/> as JSON with camel-case names; an unknown name is an error, an absent one keeps its default.</summary>
internal static class PolicyFile
{
    public static ClassSetPolicy Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), Reports.Default.ClassSetPolicy) ?? throw new JsonException("it is null");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new FewShotException(FewShotErrorCode.InvalidArgument, $"{path}: not a policy: {e.Message}", inner: e);
        }
    }
}
