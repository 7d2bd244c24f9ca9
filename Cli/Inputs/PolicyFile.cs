using System.Text.Json;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Inputs;

/// <summary>A policy file (<see cref="PolicyJson"/>).</summary>
internal static class PolicyFile
{
    public static ClassSetPolicy Read(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path));
            return PolicyJson.Parse(document.RootElement);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FewShotException)
        {
            throw new FewShotException(FewShotErrorCode.InvalidArgument, $"{path}: {e.Message}", inner: e);
        }
    }
}
