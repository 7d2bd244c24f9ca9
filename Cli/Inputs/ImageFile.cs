using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Inputs;

/// <summary>Reads photos; one that cannot be read is listed, not thrown.</summary>
internal static class ImageFile
{
    /// <summary>The bytes, or why there are none.</summary>
    public static async Task<(byte[]? Bytes, FailedInput? Failed)> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            var length = new FileInfo(path).Length;
            PayloadLimits.CheckImage((int)Math.Min(length, int.MaxValue), "the file");
            return (await File.ReadAllBytesAsync(path, cancellationToken), null);
        }
        catch (FewShotException e)
        {
            return (null, new FailedInput(path, e.Code, e.Message));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, new FailedInput(path, FewShotErrorCode.InvalidImage, e.Message));
        }
    }
}
