using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Inputs;

/// <summary>A photo on disk; one that cannot be read is listed, not thrown.</summary>
/// <param name="Name">What it is called in messages and reports.</param>
/// <param name="Path">Where it lies.</param>
internal sealed record ImageFile(string Name, string Path)
{
    public static ImageFile In(string folder, string name) => new(name, System.IO.Path.Combine(folder, name));

    /// <summary>The bytes, or why there are none.</summary>
    public async Task<(byte[]? Bytes, FailedInput? Failed)> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var length = new FileInfo(Path).Length;
            PayloadLimits.CheckImage((int)Math.Min(length, int.MaxValue), "the file");
            return (await File.ReadAllBytesAsync(Path, cancellationToken), null);
        }
        catch (FewShotException e)
        {
            return (null, new FailedInput(Name, e.Code, e.Message));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, new FailedInput(Name, FewShotErrorCode.InvalidImage, e.Message));
        }
    }
}
