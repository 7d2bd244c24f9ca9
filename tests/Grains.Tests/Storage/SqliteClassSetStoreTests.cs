using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Storage;
using FewShotCluster.Grains.Tests.Fakes;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace FewShotCluster.Grains.Tests.Storage;

public sealed class SqliteClassSetStoreTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fewshot-store-");
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    private string File => Path.Combine(_folder.FullName, SqliteClassSetStore.FileName);

    [Fact]
    public async Task Heads_and_blocks_come_back_from_another_store_on_the_same_file()
    {
        var (head, blocks) = Head(1, 600_000);
        await Store().Commit("set", 0, head, blocks, default);
        var again = Store();
        var loaded = await again.LoadHead("set", default);
        Assert.Equal((1, 3, 1), (loaded!.Revision, loaded.Classes, loaded.Seen));
        Assert.Equal(3, loaded.State.Blocks.Length);
        var bytes = await again.LoadBlocks(loaded.State.Blocks, default);
        Assert.Equal(Bytes(1, 600_000), Blocks.Join(loaded.State, bytes));
        Assert.All(bytes.Values, block => Assert.True(block.Length <= Blocks.MaxBytes));
        Assert.Null(await again.LoadHead("other", default));
        Assert.Equal("set", Assert.Single(await again.List(default)).ClassSetId);
    }

    [Fact]
    public async Task Of_concurrent_commits_on_one_revision_exactly_one_wins()
    {
        var first = Head(1, 100);
        await Store().Commit("set", 0, first.Head, first.Blocks, default);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            var (head, blocks) = Head(2, 1000 + i);
            try
            {
                await Store().Commit("set", 1, head, blocks, default);
                return head;
            }
            catch (FewShotException e) when (e.Code == FewShotErrorCode.Conflict)
            {
                return null;
            }
        }));
        var winner = Assert.Single(outcomes.OfType<ClassSetHead>());
        var loaded = await Store().LoadHead("set", default);
        Assert.Equal(winner.State.Length, loaded!.State.Length);
        await Expect.Error(FewShotErrorCode.Conflict, () => Store().Commit("set", 0, first.Head, first.Blocks, default));
    }

    [Fact]
    public async Task A_lost_swap_leaves_no_blocks_behind()
    {
        var first = Head(1, 100);
        await Store().Commit("set", 0, first.Head, first.Blocks, default);
        var late = Head(5, 300);
        await Expect.Error(FewShotErrorCode.Conflict, () => Store().Commit("set", 4, late.Head, late.Blocks, default));
        Assert.Equal(1, Count("blocks"));
    }

    [Fact]
    public async Task Blocks_that_no_set_names_any_more_are_removed()
    {
        var shared = Head(1, 500);
        await Store().Commit("a", 0, shared.Head, shared.Blocks, default);
        await Store().Commit("b", 0, shared.Head, shared.Blocks, default);
        Assert.Equal(1, Count("blocks"));
        var next = Head(2, 700);
        await Store().Commit("a", 1, next.Head, next.Blocks, default);
        Assert.Equal(2, Count("blocks"));
        await Store().Commit("b", 1, next.Head, next.Blocks, default);
        Assert.Equal(1, Count("blocks"));
        await Expect.Error(FewShotErrorCode.StorageUnavailable, () => Store().LoadBlocks([shared.Blocks[0].Key], default));
    }

    [Fact]
    public async Task A_file_of_a_newer_build_is_refused_and_left_alone()
    {
        await Store().List(default);
        Run("INSERT INTO schema_version(version) VALUES(99)");
        var failure = await Expect.Error(FewShotErrorCode.StorageUnavailable, () => Store().List(default));
        Assert.Contains("newer build", failure.Message);
        Assert.Equal(2, Count("schema_version"));
    }

    [Fact]
    public async Task A_damaged_file_is_refused_with_what_to_do()
    {
        await System.IO.File.WriteAllBytesAsync(File, Enumerable.Repeat((byte)7, 8192).ToArray());
        var failure = await Expect.Error(FewShotErrorCode.StorageUnavailable, () => Store().List(default));
        Assert.Contains("damaged", failure.Message);
        Assert.Contains("backup", failure.Message);
    }

    [Fact]
    public async Task A_block_whose_bytes_changed_is_noticed()
    {
        var (head, blocks) = Head(1, 100);
        await Store().Commit("set", 0, head, blocks, default);
        Run("UPDATE blocks SET bytes = x'00'");
        await Expect.Error(FewShotErrorCode.StorageUnavailable, () => Store().LoadBlocks(head.State.Blocks, default));
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _services.Dispose();
        _folder.Delete(true);
    }

    private static byte[] Bytes(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static (ClassSetHead Head, List<Block> Blocks) Head(long revision, int length)
    {
        var blocks = new List<Block>();
        var payload = Blocks.Cut(Bytes((int)revision, length), blocks);
        var head = new ClassSetHead { Revision = revision, Classes = 3, Seen = 1, State = payload, References = payload.Blocks };
        return (head, blocks);
    }

    private SqliteClassSetStore Store() => new(_folder.FullName, _services.GetRequiredService<Serializer<ClassSetHead>>());

    private long Count(string table)
    {
        using var connection = new SqliteConnection($"Data Source={File}");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT count(*) FROM {table}";
        return (long)command.ExecuteScalar()!;
    }

    private void Run(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={File}");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
