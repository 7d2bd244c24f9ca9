using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Storage;
using FewShotCluster.Grains.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace FewShotCluster.Grains.Tests.Storage;

/// <summary>What every store must do, run against each with its real parts.</summary>
public abstract class ClassSetStoreContract : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    internal HeadCodec Heads => new(_services.GetRequiredService<Serializer<ClassSetHead>>());

    [Fact]
    public async Task Heads_and_blocks_come_back_from_another_store_on_the_same_data()
    {
        var (head, blocks) = Head(1, 600_000);
        await (await Open()).Commit("set", 0, head, blocks, default);
        var again = await Open();
        var loaded = await again.LoadHead("set", default);
        Assert.Equal((1, 3, 1), (loaded!.Revision, loaded.Classes, loaded.Seen));
        Assert.Equal(600_000 / MatrixBytes.BlockBytes + 1, loaded.State.Blocks.Length);
        var bytes = await again.LoadBlocks(loaded.State.Blocks, default);
        Assert.Equal(Bytes(1, 600_000), Blocks.Join(loaded.State, bytes));
        Assert.All(bytes.Values, block => Assert.True(block.Length <= MatrixBytes.BlockBytes));
        Assert.Null(await again.LoadHead("other", default));
        var listed = Assert.Single(await again.List(default));
        Assert.Equal(("set", 1, 3, 1), (listed.ClassSetId, listed.Version, listed.Classes, listed.Seen));
        Assert.True((await again.GetStatus(default)) is { Available: true, Durable: true });
    }

    [Fact]
    public async Task A_large_set_comes_back_block_by_block()
    {
        const int length = 100 * MatrixBytes.BlockBytes + 1;
        var (head, blocks) = Head(1, length);
        var store = await Open();
        await store.Commit("large", 0, head, blocks, default);
        Assert.Equal(101, await CountBlocks());
        var loaded = await store.LoadHead("large", default);
        var bytes = await store.LoadBlocks(loaded!.References, default);
        Assert.True(Bytes(1, length).AsSpan().SequenceEqual(Blocks.Join(loaded.State, bytes)));
    }

    [Fact]
    public async Task Of_concurrent_commits_on_one_revision_exactly_one_wins()
    {
        var first = Head(1, 100);
        await (await Open()).Commit("set", 0, first.Head, first.Blocks, default);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            var (head, blocks) = Head(2, 1000 + i);
            try
            {
                await (await Open()).Commit("set", 1, head, blocks, default);
                return head;
            }
            catch (FewShotException e) when (e.Code == FewShotErrorCode.Conflict)
            {
                return null;
            }
        }));
        var winner = Assert.Single(outcomes.OfType<ClassSetHead>());
        var store = await Open();
        var loaded = await store.LoadHead("set", default);
        Assert.Equal(winner.State.Length, loaded!.State.Length);
        Assert.Equal(1, await CountBlocks());
        await Expect.Error(FewShotErrorCode.Conflict, () => store.Commit("set", 0, first.Head, first.Blocks, default));
    }

    [Fact]
    public async Task A_lost_swap_leaves_no_blocks_behind()
    {
        var store = await Open();
        var first = Head(1, 100);
        await store.Commit("set", 0, first.Head, first.Blocks, default);
        var late = Head(5, 300);
        await Expect.Error(FewShotErrorCode.Conflict, () => store.Commit("set", 4, late.Head, late.Blocks, default));
        Assert.Equal(1, await CountBlocks());
    }

    [Fact]
    public async Task Blocks_that_no_set_names_any_more_are_removed()
    {
        var store = await Open();
        var shared = Head(1, 500);
        await store.Commit("a", 0, shared.Head, shared.Blocks, default);
        await store.Commit("b", 0, shared.Head, shared.Blocks, default);
        Assert.Equal(1, await CountBlocks());
        var next = Head(2, 700);
        await store.Commit("a", 1, next.Head, next.Blocks, default);
        Assert.Equal(2, await CountBlocks());
        await store.Commit("b", 1, next.Head, next.Blocks, default);
        Assert.Equal(1, await CountBlocks());
        await Expect.Error(FewShotErrorCode.StorageUnavailable, () => store.LoadBlocks([shared.Blocks[0].Key], default));
    }

    [Fact]
    public async Task A_block_that_an_older_version_named_is_shared_not_sent_again()
    {
        var store = await Open();
        var first = Head(1, 500);
        await store.Commit("set", 0, first.Head, first.Blocks, default);
        var second = Head(2, 700);
        var both = second.Head with { References = [.. second.Head.References, .. first.Head.References] };
        await store.Commit("set", 1, both, second.Blocks, default);
        Assert.Equal(2, await CountBlocks());
        Assert.Equal(2, (await store.LoadBlocks(both.References, default)).Count);
    }

    [Fact]
    public async Task A_commit_may_keep_the_revision()
    {
        var store = await Open();
        var first = Head(1, 500);
        await store.Commit("set", 0, first.Head, first.Blocks, default);
        var other = Head(2, 700);
        await store.Commit("set", 1, other.Head with { Revision = 1 }, other.Blocks, default);
        Assert.Equal(other.Head.References, (await store.LoadHead("set", default))!.References);
        Assert.Equal(1, await CountBlocks());
    }

    [Fact]
    public async Task Sets_that_share_blocks_and_let_go_of_them_at_once_never_lose_one()
    {
        const int commits = 30;
        var pool = Enumerable.Range(1, 5).Select(seed => Head(seed, 2000 + seed)).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async set =>
        {
            var store = await Open();
            var random = new Random(set);
            for (var revision = 1; revision <= commits; revision++)
            {
                var chosen = pool.Where(_ => random.Next(2) == 0).Append(pool[0]).Distinct().ToArray();
                var head = chosen[0].Head with { Revision = revision, References = [.. chosen.SelectMany(c => c.Head.References).Distinct()] };
                await store.Commit($"set {set}", revision - 1, head, [.. chosen.SelectMany(c => c.Blocks)], default);
            }
        }));
        var last = await Open();
        var named = new HashSet<ContentKey>();
        for (var set = 0; set < 4; set++)
        {
            var head = await last.LoadHead($"set {set}", default);
            Assert.Equal(commits, head!.Revision);
            Assert.Equal(head.References.Length, (await last.LoadBlocks(head.References, default)).Count);
            named.UnionWith(head.References);
        }
        Assert.Equal(named.Count, await CountBlocks());
    }

    [Fact]
    public async Task Data_of_a_newer_build_is_refused_and_left_alone()
    {
        var (head, blocks) = Head(1, 100);
        await (await Open()).Commit("set", 0, head, blocks, default);
        await WriteNewerSchema();
        var store = await Open();
        var next = Head(2, 200);
        foreach (var call in new Func<Task>[]
        {
            () => store.List(default), () => store.LoadHead("set", default), () => store.Commit("set", 1, next.Head, next.Blocks, default),
        })
        {
            var failure = await Expect.Error(FewShotErrorCode.StorageUnavailable, call);
            Assert.Contains("newer build", failure.Message);
        }
        Assert.Equal(1, await CountBlocks());
    }

    [Fact]
    public async Task A_block_whose_bytes_changed_is_noticed()
    {
        var (head, blocks) = Head(1, 100);
        await (await Open()).Commit("set", 0, head, blocks, default);
        await SpoilBlocks();
        var store = await Open();
        var failure = await Expect.Error(FewShotErrorCode.StorageUnavailable, () => store.LoadBlocks(head.State.Blocks, default));
        Assert.Contains("damaged", failure.Message);
    }

    [Fact]
    public async Task A_head_that_is_none_is_a_damaged_store()
    {
        var (head, blocks) = Head(1, 100);
        await (await Open()).Commit("set", 0, head, blocks, default);
        await SpoilHeads();
        var store = await Open();
        var failure = await Expect.Error(FewShotErrorCode.StorageUnavailable, () => store.LoadHead("set", default));
        Assert.Contains("damaged", failure.Message);
    }

    public async ValueTask DisposeAsync()
    {
        await Close();
        _services.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Another store on the test's data.</summary>
    internal abstract Task<IClassSetStore> Open();

    /// <summary>Blocks that a head names.</summary>
    protected abstract Task<long> CountBlocks();

    protected abstract Task WriteNewerSchema();

    protected abstract Task SpoilBlocks();

    protected abstract Task SpoilHeads();

    protected abstract ValueTask Close();

    protected static byte[] Bytes(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    internal static (ClassSetHead Head, List<Block> Blocks) Head(long revision, int length)
    {
        var blocks = new List<Block>();
        var payload = Blocks.Cut(Bytes((int)revision, length), blocks);
        var head = new ClassSetHead { Revision = revision, Classes = 3, Seen = 1, State = payload, References = payload.Blocks };
        return (head, blocks);
    }
}
