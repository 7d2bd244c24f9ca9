using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using Microsoft.Data.Sqlite;

namespace FewShotCluster.Grains.Storage;

/// <summary>
/// Class sets of one machine in one SQLite file (WAL, synchronous FULL). SQLite blocks, so every call runs on the thread pool and
/// never on a grain's scheduler.
/// </summary>
internal sealed class SqliteClassSetStore : IClassSetStore
{
    public const string FileName = "class-sets.db";

    private readonly string _path;
    private readonly string _connectionString;
    private readonly HeadCodec _heads;
    private readonly Lazy<bool> _prepared;

    public SqliteClassSetStore(string dataDirectory, HeadCodec heads)
    {
        _path = Path.Combine(dataDirectory, FileName);
        _heads = heads;
        _connectionString = new SqliteConnectionStringBuilder { DataSource = _path, DefaultTimeout = 30 }.ToString();
        _prepared = new Lazy<bool>(Prepare, LazyThreadSafetyMode.PublicationOnly);
    }

    public Task<ClassSetHead?> LoadHead(string classSetId, CancellationToken cancellationToken) => Use(
        connection =>
        {
            using var command = Command(connection, "SELECT head FROM heads WHERE class_set = $set", ("$set", classSetId));
            return command.ExecuteScalar() is byte[] head ? _heads.Decode(head, _path, SqliteSchema.Remedy) : null;
        },
        cancellationToken);

    public Task<IReadOnlyDictionary<ContentKey, byte[]>> LoadBlocks(
        IReadOnlyCollection<ContentKey> keys, CancellationToken cancellationToken) => Use(
        connection =>
        {
            var blocks = new Dictionary<ContentKey, byte[]>(keys.Count);
            using var command = Command(connection, "SELECT bytes FROM blocks WHERE key = $key", ("$key", Array.Empty<byte>()));
            foreach (var key in keys)
            {
                command.Parameters[0].Value = key.ToBytes();
                if (command.ExecuteScalar() is not byte[] bytes || ContentKey.Of(bytes) != key)
                    throw Damaged(StoreFailures.Missing(key));
                blocks[key] = bytes;
            }
            return (IReadOnlyDictionary<ContentKey, byte[]>)blocks;
        },
        cancellationToken);

    public Task Commit(
        string classSetId,
        long expectedRevision,
        ClassSetHead head,
        IReadOnlyList<Block> blocks,
        CancellationToken cancellationToken) => Use(
        connection =>
        {
            using var transaction = connection.BeginTransaction();
            Insert(connection, "INSERT INTO blocks(key, bytes) VALUES($key, $bytes) ON CONFLICT DO NOTHING", blocks);
            Swap(connection, classSetId, expectedRevision, head);
            Refer(connection, classSetId, head.References);
            transaction.Commit();
            return true;
        },
        cancellationToken);

    public Task<IReadOnlyList<ClassSetSummary>> List(CancellationToken cancellationToken) => Use(
        connection =>
        {
            using var command = Command(connection, "SELECT class_set, revision, classes, seen FROM heads");
            using var rows = command.ExecuteReader();
            var sets = new List<ClassSetSummary>();
            while (rows.Read()) sets.Add(new ClassSetSummary(rows.GetString(0), rows.GetInt64(1), rows.GetInt32(2), rows.GetInt32(3)));
            return (IReadOnlyList<ClassSetSummary>)[.. sets.OrderBy(set => set.ClassSetId, StringComparer.Ordinal)];
        },
        cancellationToken);

    public async Task<StorageStatus> GetStatus(CancellationToken cancellationToken)
    {
        try
        {
            await Use(_ => true, cancellationToken);
            return new StorageStatus(_path, true, true, "WAL, synchronous FULL: acknowledged writes survive the loss of power");
        }
        catch (FewShotException e) when (e.Code == FewShotErrorCode.StorageUnavailable)
        {
            return new StorageStatus(_path, false, false, e.Message);
        }
    }

    private static void Insert(SqliteConnection connection, string sql, IReadOnlyList<Block> blocks)
    {
        using var command = Command(connection, sql, ("$key", Array.Empty<byte>()), ("$bytes", Array.Empty<byte>()));
        foreach (var block in blocks)
        {
            command.Parameters[0].Value = block.Key.ToBytes();
            command.Parameters[1].Value = block.Bytes.ToArray();
            command.ExecuteNonQuery();
        }
    }

    private void Swap(SqliteConnection connection, string classSetId, long expectedRevision, ClassSetHead head)
    {
        var sql = expectedRevision == 0
            ? "INSERT INTO heads VALUES($set, $revision, $classes, $seen, $head) ON CONFLICT DO NOTHING"
            : """
                UPDATE heads SET revision = $revision, classes = $classes, seen = $seen, head = $head
                WHERE class_set = $set AND revision = $expected
                """;
        using var command = Command(
            connection,
            sql,
            ("$set", classSetId),
            ("$revision", head.Revision),
            ("$classes", head.Classes),
            ("$seen", head.Seen),
            ("$head", _heads.Encode(head)),
            ("$expected", expectedRevision));
        if (command.ExecuteNonQuery() == 1) return;
        throw StoreFailures.Moved(classSetId, expectedRevision);
    }

    /// <summary>Replaces the set's references and removes the blocks that lost their last one.</summary>
    private static void Refer(SqliteConnection connection, string classSetId, ContentKey[] references)
    {
        var before = new HashSet<ContentKey>();
        using (var command = Command(connection, "SELECT key FROM block_references WHERE class_set = $set", ("$set", classSetId)))
        using (var rows = command.ExecuteReader())
            while (rows.Read()) before.Add(ContentKey.FromBytes((byte[])rows[0]));
        var after = references.ToHashSet();
        var lost = before.Except(after).ToList();
        ForEach("INSERT INTO block_references(class_set, key) VALUES($set, $key)", after.Except(before));
        ForEach("DELETE FROM block_references WHERE class_set = $set AND key = $key", lost);
        ForEach("DELETE FROM blocks WHERE key = $key AND NOT EXISTS (SELECT 1 FROM block_references r WHERE r.key = $key)", lost);

        void ForEach(string sql, IEnumerable<ContentKey> keys)
        {
            using var command = Command(connection, sql, ("$set", classSetId), ("$key", Array.Empty<byte>()));
            foreach (var key in keys)
            {
                command.Parameters["$key"].Value = key.ToBytes();
                command.ExecuteNonQuery();
            }
        }
    }

    private Task<T> Use<T>(Func<SqliteConnection, T> work, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            try
            {
                _ = _prepared.Value;
                using var connection = Open();
                return work(connection);
            }
            catch (SqliteException e)
            {
                throw Failed(e);
            }
        },
        cancellationToken);

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        // Per connection; FULL makes an acknowledged commit survive the loss of power.
        using var command = Command(connection, "PRAGMA synchronous=FULL");
        command.ExecuteNonQuery();
        return connection;
    }

    private bool Prepare()
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(_path))!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FewShotException(
                FewShotErrorCode.StorageUnavailable, $"the folder of {_path} cannot be created: {e.Message}", inner: e);
        }
        using var connection = Open();
        SqliteSchema.Prepare(connection, _path);
        return true;
    }

    private static SqliteCommand Command(SqliteConnection connection, string sql, params (string Name, object Value)[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value);
        return command;
    }

    // SQLITE_CORRUPT and SQLITE_NOTADB.
    private FewShotException Failed(SqliteException e) => e.SqliteErrorCode is 11 or 26
        ? Damaged(e.Message)
        : new FewShotException(
            FewShotErrorCode.StorageUnavailable, $"{_path}: {e.Message}: check the disk and the file's rights", inner: e);

    private FewShotException Damaged(string what) => StoreFailures.Damaged(_path, what, SqliteSchema.Remedy);
}
