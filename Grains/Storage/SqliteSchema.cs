using FewShotCluster.GrainInterfaces.Errors;
using Microsoft.Data.Sqlite;

namespace FewShotCluster.Grains.Storage;

/// <summary>The tables of the one-machine store.</summary>
internal static class SqliteSchema
{
    public const int Version = 1;

    public const string Remedy = "name another data directory";

    private const string Tables = """
        CREATE TABLE IF NOT EXISTS schema_version(version INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS heads(class_set TEXT PRIMARY KEY, revision INTEGER NOT NULL, classes INTEGER NOT NULL,
            seen INTEGER NOT NULL, head BLOB NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS blocks(key BLOB PRIMARY KEY, bytes BLOB NOT NULL);
        CREATE TABLE IF NOT EXISTS block_references(class_set TEXT NOT NULL, key BLOB NOT NULL, PRIMARY KEY(class_set, key)) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS references_by_key ON block_references(key);
        """;

    /// <summary>Creates what is missing and refuses what a newer build wrote.</summary>
    /// <exception cref="FewShotException">StorageUnavailable: the file's schema is newer.</exception>
    public static void Prepare(SqliteConnection connection, string path)
    {
        Run(connection, "PRAGMA journal_mode=WAL");
        using var transaction = connection.BeginTransaction();
        Run(connection, Tables);
        using var read = connection.CreateCommand();
        read.CommandText = "SELECT max(version) FROM schema_version";
        var found = read.ExecuteScalar() is long version ? version : 0;
        if (found > Version)
            throw StoreFailures.Newer(path, $"{found}", Version, Remedy);
        if (found == 0) Run(connection, $"INSERT INTO schema_version(version) VALUES({Version})");
        transaction.Commit();
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
