using System.Runtime.CompilerServices;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Cli.Inputs;

/// <summary>Photos of a list with their class ids, read as they are needed; unreadable ones are collected.</summary>
internal sealed class LabelledPhotos
{
    private readonly string folder;
    private readonly IReadOnlyList<(string Path, int ClassId)> labelled;

    private LabelledPhotos(string folder, IReadOnlyList<(string Path, int ClassId)> labelled) => (this.folder, this.labelled) = (folder, labelled);

    public int Count => labelled.Count;

    public List<FailedInput> Unreadable { get; } = [];

    /// <summary>Only a list with names needs the set's.</summary>
    public static async Task<LabelledPhotos> OfAsync(
        IFewShotClient client, string classSetId, IReadOnlyList<ShotEntry> entries, string folder, CancellationToken cancellationToken)
    {
        var ids = entries.All(e => e.NumericLabel is not null)
            ? []
            : (await client.DescribeAsync(classSetId, cancellationToken)).Classes.ToDictionary(c => c.Name, c => c.Id, StringComparer.Ordinal);
        return new LabelledPhotos(folder, [.. entries.Select(e => (e.Path, e.ClassId(ids)))]);
    }

    public async IAsyncEnumerable<Shot> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Unreadable.Clear();
        foreach (var (path, classId) in labelled)
        {
            var (bytes, failed) = await ImageFile.In(folder, path).ReadAsync(cancellationToken);
            if (failed is not null) Unreadable.Add(failed);
            else yield return new Shot(path, classId, bytes!);
        }
    }
}
