using FewShotCluster.Client.Archives;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client;

/// <content>Class sets as files.</content>
public sealed partial class FewShotClient
{
    // How often an import is begun again that its node lost.
    private const int MaxImports = 3;

    /// <inheritdoc/>
    public async Task<ClassSetVersion> ExportClassSetAsync(
        string classSetId, Stream destination, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        var what = $"export '{classSetId}'";
        var archive = await Read(what, () => ClassSet(classSetId).Export(), cancellationToken);
        await new ArchiveWriter(destination).WriteAsync(
            archive,
            (name, offset, count) => Write(
                what, classSetId, (set, token) => set.ReadArray(archive.Version, name, offset, count, token), cancellationToken),
            progress,
            cancellationToken);
        return new ClassSetVersion(classSetId, archive.Version);
    }

    /// <inheritdoc/>
    public async Task<ClassSetVersion> ImportClassSetAsync(
        Stream source, string? classSetId = null, WriteOperation? operation = null, IProgress<double>? progress = null,
        CancellationToken cancellationToken = default)
    {
        using var file = await ArchiveFile.OpenAsync(source, cancellationToken);
        var id = RequireId(classSetId ?? file.ClassSetId);
        var write = operation ?? NewOperation();
        for (var imports = 1; ; imports++)
        {
            var begun = false;
            try
            {
                var what = $"import '{id}'";
                var arrays = await Write(what, id, (set, token) => set.BeginImport(file.Manifest, write, token), cancellationToken);
                begun = true;
                await file.CheckAsync(arrays, cancellationToken);
                var (total, done) = (arrays.Sum(array => array.Length), 0L);
                foreach (var array in arrays)
                {
                    await file.ReadAsync(
                        array,
                        async (offset, bytes) =>
                        {
                            await Write(
                                what,
                                id,
                                async (set, _) =>
                                {
                                    await set.WriteArray(write.Id, array.Name, offset, bytes);
                                    return true;
                                },
                                cancellationToken);
                            done += bytes.Length;
                            progress?.Report((double)done / total);
                        },
                        cancellationToken);
                }
                return await Write(what, id, (set, token) => set.EndImport(write, token), cancellationToken);
            }
            catch (FewShotException e) when (begun && e.Code == FewShotErrorCode.Conflict && imports < MaxImports)
            {
                // Its node was lost with what was sent. A set that was made meanwhile is found by the next beginning.
            }
        }
    }
}
