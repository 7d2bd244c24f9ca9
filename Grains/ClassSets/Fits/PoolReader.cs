using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Devices;

namespace FewShotCluster.Grains.ClassSets.Fits;

/// <summary>The unlabelled images of a set from all slots: [N,D] per encoder, in order of content key, and what each stands for.</summary>
internal sealed record PooledImages(int Count, byte[][] Features, double[] Weights);

/// <summary>Collects a set's unlabelled pool, in chunks, each image once and none that is a shot.</summary>
internal sealed class PoolReader(IGrainFactory grains, SlotRouter router)
{
    private const int ChunkSize = 1024;

    public async Task<PooledImages> Read(ClassSetState state, CancellationToken cancellationToken)
    {
        var labelled = state.Shots.SelectMany(batch => batch.Keys).ToHashSet();
        var images = new SortedDictionary<ContentKey, PooledImage>(Comparer<ContentKey>.Create(Compare));
        foreach (var slot in router.Slots)
        {
            PoolChunk chunk;
            for (var skip = 0; ; skip += chunk.Keys.Length)
            {
                chunk = await grains.GetGrain<IEncoderGrain>(slot.Name).ReadPool(state.ClassSetId, skip, ChunkSize, cancellationToken);
                if (chunk.Keys.Length == 0) break;
                Add(state, slot.Name, chunk, labelled, images);
            }
        }
        var matrices = state.Encoders.Select((_, e) => FloatBytes.Concatenate([.. images.Values.Select(image => image.Features[e])]));
        return new PooledImages(images.Count, [.. matrices], [.. images.Values.Select(image => image.Weight)]);
    }

    private static void Add(
        ClassSetState state, string slot, PoolChunk chunk, HashSet<ContentKey> labelled, SortedDictionary<ContentKey, PooledImage> images)
    {
        var matrices = state.Encoders.Select(encoder => chunk.Encoders.FirstOrDefault(e => e.Encoder.Digest == encoder.Info.Digest)
            ?? throw new FewShotException(
                FewShotErrorCode.ModelUnavailable,
                $"slot '{slot}' does not serve encoder '{encoder.Info.Name}' that set '{state.ClassSetId}' was made with"))
            .ToArray();
        for (var i = 0; i < chunk.Keys.Length; i++)
        {
            if (labelled.Contains(chunk.Keys[i])) continue;
            byte[][] features = [.. matrices.Select(matrix =>
            {
                var row = matrix.Encoder.Dimension * sizeof(float);
                return matrix.Values.AsSpan(i * row, row).ToArray();
            })];
            images[chunk.Keys[i]] = new PooledImage(features, chunk.Weights[i]);
        }
    }

    private sealed record PooledImage(byte[][] Features, double Weight);

    private static int Compare(ContentKey x, ContentKey y) => (x.A, x.B, x.C, x.D).CompareTo((y.A, y.B, y.C, y.D));
}
