using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.Grains.ClassSets;
using FewShotCluster.Grains.ClassSets.Fits;
using FewShotCluster.Grains.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace FewShotCluster.Grains.Tests.ClassSets;

public sealed class ClassSetRepositoryTests
{
    private const int FormerBlock = 256 * 1024;

    /// <summary>Builds before this one cut other blocks and did not say how large.</summary>
    [Fact]
    public async Task Blocks_of_an_earlier_build_are_read_and_grow()
    {
        var folder = Directory.CreateTempSubdirectory("fewshot-repository-");
        await using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var store = new SqliteClassSetStore(folder.FullName, new HeadCodec(services.GetRequiredService<Serializer<ClassSetHead>>()));
        var states = services.GetRequiredService<Serializer<ClassSetState>>();
        var repository = new ClassSetRepository(store, states, services.GetRequiredService<Serializer<PendingFits>>());
        var bytes = new byte[2 * FormerBlock + 1000];
        new Random(1).NextBytes(bytes);
        var blocks = bytes.Chunk(FormerBlock).Select(block => new Block(ContentKey.Of(block), block)).ToList();
        var former = new StoredBytes { Payload = new Payload(bytes.Length, [.. blocks.Select(block => block.Key)]) { BlockBytes = 0 } };
        var state = new ClassSetState
        {
            ClassSetId = "set",
            Version = 1,
            Policy = new(),
            Classes = [],
            Encoders = [new EncoderState { Info = new("toy", "d", 2, 1, 8), ProxyShare = 1, ProbeShare = 1, TextProxies = former }],
        };
        await repository.Save(state, PendingFits.None, 0, blocks);

        foreach (var offset in new[] { 0, 65_000, FormerBlock - 3, 2 * FormerBlock - 500 })
            Assert.Equal(bytes[offset..(offset + 1000)], await repository.Read(former, offset, 1000, default));
        var loaded = (await repository.Load("set", default))!.State.Encoders[0].TextProxies;
        Assert.Equal(bytes, loaded.Bytes!.ToArray());
        var added = new List<Block>();
        var grown = loaded.With([1, 2, 3, 4], added);
        Assert.Equal(grown.Payload.Blocks, added.Select(block => block.Key));
        await repository.Save(state with { Version = 2, Encoders = [state.Encoders[0] with { TextProxies = grown }] }, PendingFits.None, 1, added);
        Assert.Equal([.. bytes, 1, 2, 3, 4], (await repository.Load("set", default))!.State.Encoders[0].TextProxies.Bytes!.ToArray());
        SqliteConnection.ClearAllPools();
        folder.Delete(recursive: true);
    }
}
