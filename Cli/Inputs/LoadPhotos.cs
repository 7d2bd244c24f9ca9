using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Inputs;

/// <summary>Photos of a load, read before it begins: disks are not what is measured.</summary>
internal static class LoadPhotos
{
    private const long MostBytes = 1L << 30;

    /// <exception cref="FewShotException">None can be read.</exception>
    public static async Task<IReadOnlyList<byte[]>> ReadAsync(ToolContext context, string folder, CancellationToken cancellationToken)
    {
        var files = ImageFolder.List(folder);
        var (photos, failed, bytes) = (new List<byte[]>(), new List<FailedInput>(), 0L);
        foreach (var file in files)
        {
            var (photo, failure) = await file.ReadAsync(cancellationToken);
            if (failure is not null) failed.Add(failure);
            else photos.Add(photo!);
            if ((bytes += photo?.Length ?? 0) < MostBytes) continue;
            context.Error.WriteLine($"{folder}: the first {photos.Count} photos are sent, a gigabyte of them");
            break;
        }
        if (photos.Count == 0) throw new FewShotException(failed[0].Code, $"--images {folder}: no file can be sent, first {failed[0].Source}: {failed[0].Message}");
        foreach (var one in failed) context.Error.WriteLine($"left out: {one.Source}: {one.Code}: {one.Message.ReplaceLineEndings(" ")}");
        return photos;
    }
}
