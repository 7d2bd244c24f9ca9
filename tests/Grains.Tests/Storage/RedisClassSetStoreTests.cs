using System.Diagnostics;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Storage;
using FewShotCluster.Grains.Tests.Fakes;
using FewShotCluster.TestSupport;
using StackExchange.Redis;

namespace FewShotCluster.Grains.Tests.Storage;

/// <summary>The contract, and what only a server can do: crash, hang, be another one.</summary>
public sealed class RedisClassSetStoreTests : ClassSetStoreContract
{
    private const string Service = "tests";
    private readonly RedisKeys _keys = new(Service);
    private readonly List<RedisClassSetStore> _stores = [];
    private readonly SemaphoreSlim _starting = new(1, 1);
    private RedisProcess? _redis;

    [Fact]
    public async Task What_was_acknowledged_survives_a_crash_of_the_server()
    {
        var store = await Open();
        for (var revision = 1; revision <= 20; revision++)
        {
            var (head, blocks) = Head(revision, 50_000);
            await store.Commit("set", revision - 1, head, blocks, default);
        }
        await _redis!.KillAsync();
        await _redis.RestartAsync();
        var again = await Open();
        var loaded = await again.LoadHead("set", default);
        Assert.Equal(20, loaded!.Revision);
        Assert.Equal(Bytes(20, 50_000), Blocks.Join(loaded.State, await again.LoadBlocks(loaded.References, default)));
        Assert.Equal(1, await CountBlocks());
    }

    [Fact]
    public async Task Without_the_server_calls_fail_at_once_and_typed_and_go_on_when_it_is_back()
    {
        var store = await Open();
        var (head, blocks) = Head(1, 100);
        await store.Commit("set", 0, head, blocks, default);
        await _redis!.KillAsync();
        var next = Head(2, 200);
        var watch = Stopwatch.StartNew();
        await Expect.Error(FewShotErrorCode.StorageUnavailable, () => store.Commit("set", 1, next.Head, next.Blocks, default));
        await Expect.Error(FewShotErrorCode.StorageUnavailable, () => store.LoadHead("set", default));
        await Expect.Error(FewShotErrorCode.StorageUnavailable, () => store.List(default));
        var status = await store.GetStatus(default);
        Assert.True(status is { Available: false, Durable: false }, status.Detail);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        await _redis.RestartAsync();
        await Eventually(() => store.Commit("set", 1, next.Head, next.Blocks, default));
        Assert.Equal(2, (await store.LoadHead("set", default))!.Revision);
    }

    [Fact]
    public async Task A_server_that_hangs_is_given_up_in_time()
    {
        var store = await Open();
        var (head, blocks) = Head(1, 100);
        await store.Commit("set", 0, head, blocks, default);
        await _redis!.FreezeAsync();
        var watch = Stopwatch.StartNew();
        await Expect.Error(FewShotErrorCode.StorageUnavailable, () => store.LoadHead("set", default));
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        await _redis.ThawAsync();
        await Eventually(() => store.LoadHead("set", default));
    }

    [Fact]
    public async Task A_store_opened_before_its_server_runs_finds_it()
    {
        _redis = await RedisProcess.StartAsync();
        await _redis.KillAsync();
        var store = await Open();
        await Expect.Error(FewShotErrorCode.StorageUnavailable, () => store.List(default));
        await _redis.RestartAsync();
        await Eventually(() => store.List(default));
    }

    [Fact]
    public async Task Blocks_without_a_head_expire_and_a_head_without_its_blocks_is_refused()
    {
        var store = await Open();
        var (head, blocks) = Head(1, 100);
        var failure = await Expect.Error(FewShotErrorCode.StorageUnavailable, () => store.Commit("set", 0, head, [], default));
        Assert.Contains("missing", failure.Message);
        Assert.Null(await store.LoadHead("set", default));

        // As a writer that died between the two steps left it.
        var key = _keys.Block(blocks[0].Key);
        await Command(redis => redis.StringSetAsync(key, blocks[0].Bytes, RedisClassSetStore.Staging));
        Assert.Equal(0, await CountBlocks());
        await store.Commit("set", 0, head, blocks, default);
        Assert.Equal(1, await CountBlocks());
        await Command(async redis => Assert.Null(await redis.KeyTimeToLiveAsync(key)));
    }

    [Fact]
    public async Task Services_on_one_server_do_not_see_each_other()
    {
        var store = await Open();
        var (head, blocks) = Head(1, 100);
        await store.Commit("set", 0, head, blocks, default);
        await using var other = new RedisClassSetStore(_redis!.Address, "others", Heads);
        Assert.Empty(await other.List(default));
        await other.Commit("set", 0, head, blocks, default);
        Assert.Single(await store.List(default));
    }

    [Fact]
    public async Task A_server_that_does_not_sync_each_write_is_reported()
    {
        _redis = await RedisProcess.StartAsync(durable: false);
        var store = await Open();
        var (head, blocks) = Head(1, 100);
        await store.Commit("set", 0, head, blocks, default);
        var status = await store.GetStatus(default);
        Assert.True(status is { Available: true, Durable: false });
        Assert.Contains("appendonly", status.Detail);
        await Command(redis => redis.ExecuteAsync("CONFIG", "SET", "appendonly", "yes"));
        Assert.Contains("appendfsync", (await store.GetStatus(default)).Detail);
        await Command(redis => redis.ExecuteAsync("CONFIG", "SET", "appendfsync", "always"));
        Assert.True((await store.GetStatus(default)).Durable);
    }

    [Fact]
    public async Task Keys_of_another_kind_are_a_typed_failure()
    {
        var store = await Open();
        await Command(redis => redis.StringSetAsync(_keys.Heads, "somebody's"));
        await Expect.Error(FewShotErrorCode.StorageUnavailable, () => store.LoadHead("set", default));
    }

    internal override async Task<IClassSetStore> Open()
    {
        await _starting.WaitAsync();
        try
        {
            _redis ??= await RedisProcess.StartAsync();
        }
        finally
        {
            _starting.Release();
        }
        var store = new RedisClassSetStore(_redis.Address, Service, Heads);
        lock (_stores) _stores.Add(store);
        return store;
    }

    protected override async Task<long> CountBlocks()
    {
        var blocks = 0L;
        await Command(async redis =>
        {
            var counts = await redis.HashGetAllAsync(_keys.References);
            foreach (var key in counts.Select(count => (RedisKey)(string)count.Name!))
                if (await redis.KeyExistsAsync(key) && await redis.KeyTimeToLiveAsync(key) is null) blocks++;
            var all = redis.Multiplexer.GetServers()[0].Keys(pattern: _keys.Block(default).ToString().Replace(new string('0', 64), "*")).Count();
            Assert.InRange(blocks, 0, all);
        });
        return blocks;
    }

    protected override Task WriteNewerSchema() => Command(redis => redis.StringSetAsync(_keys.Schema, 99));

    protected override Task SpoilBlocks() => Command(async redis =>
    {
        foreach (var count in await redis.HashGetAllAsync(_keys.References)) await redis.StringSetAsync((string)count.Name!, "x");
    });

    protected override Task SpoilHeads() => Command(redis => redis.HashSetAsync(_keys.Heads, "set", new byte[] { 0xfe, 0xed, 0xfa, 0xce }));

    protected override async ValueTask Close()
    {
        foreach (var store in _stores) await store.DisposeAsync();
        if (_redis is not null) await _redis.DisposeAsync();
    }

    private async Task Command(Func<IDatabase, Task> work)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(_redis!.Address);
        await work(redis.GetDatabase());
    }

    /// <summary>The client looks for its server twice a second.</summary>
    private static async Task Eventually(Func<Task> call)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await call();
                return;
            }
            catch (FewShotException e) when (e.Code == FewShotErrorCode.StorageUnavailable && watch.Elapsed < TimeSpan.FromSeconds(20))
            {
                await Task.Delay(50);
            }
        }
    }
}
