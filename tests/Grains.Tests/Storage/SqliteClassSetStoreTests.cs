using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Storage;
using FewShotCluster.Grains.Tests.Fakes;
using Microsoft.Data.Sqlite;

namespace FewShotCluster.Grains.Tests.Storage;

public sealed class SqliteClassSetStoreTests : ClassSetStoreContract
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fewshot-store-");

    private string File => Path.Combine(_folder.FullName, SqliteClassSetStore.FileName);

    [Fact]
    public async Task A_damaged_file_is_refused_with_what_to_do()
    {
        await System.IO.File.WriteAllBytesAsync(File, Enumerable.Repeat((byte)7, 8192).ToArray());
        var store = await Open();
        var failure = await Expect.Error(FewShotErrorCode.StorageUnavailable, () => store.List(default));
        Assert.Contains("damaged", failure.Message);
        Assert.Contains("backup", failure.Message);
        Assert.True((await store.GetStatus(default)) is { Available: false, Durable: false });
    }

    internal override Task<IClassSetStore> Open() => Task.FromResult<IClassSetStore>(new SqliteClassSetStore(_folder.FullName, Heads));

    protected override Task<long> CountBlocks()
    {
        using var connection = new SqliteConnection($"Data Source={File}");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM blocks";
        return Task.FromResult((long)command.ExecuteScalar()!);
    }

    protected override Task WriteNewerSchema() => Run("INSERT INTO schema_version(version) VALUES(99)");

    protected override Task SpoilBlocks() => Run("UPDATE blocks SET bytes = x'00'");

    protected override Task SpoilHeads() => Run("UPDATE heads SET head = x'feedface'");

    protected override ValueTask Close()
    {
        SqliteConnection.ClearAllPools();
        _folder.Delete(true);
        return ValueTask.CompletedTask;
    }

    private Task Run(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={File}");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
        return Task.CompletedTask;
    }
}
