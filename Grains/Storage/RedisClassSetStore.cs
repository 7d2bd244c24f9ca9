using System.Globalization;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using StackExchange.Redis;

namespace FewShotCluster.Grains.Storage;

/// <summary>
/// Class sets of a cluster in Redis. Blocks are written first and expire unless a head names them, so what a crashed write left behind
/// goes on its own; the head follows in one atomic step. Nothing is remembered between calls: the server may be another one by then.
/// </summary>
internal sealed class RedisClassSetStore : IClassSetStore, IAsyncDisposable
{
    public const int Schema = 1;

    /// <summary>How long a block waits for its head.</summary>
    internal static readonly TimeSpan Staging = TimeSpan.FromMinutes(10);

    private const string Remedy = "use another --redis or ServiceId";

    // Blocks under way at once: 4 MB fill a connection and stay far below the time that one answer may take.
    private const int Window = 64;

    // A block can vanish between its writing and the commit; more than once is no accident.
    private const int Attempts = 3;

    private readonly RedisConnection _connection;
    private readonly RedisKeys _keys;
    private readonly RedisCommit _commit;
    private readonly HeadCodec _heads;

    public RedisClassSetStore(string server, string serviceId, HeadCodec heads)
    {
        _connection = new RedisConnection(server);
        _keys = new RedisKeys(serviceId);
        _commit = new RedisCommit(_keys);
        _heads = heads;
    }

    public Task<ClassSetHead?> LoadHead(string classSetId, CancellationToken cancellationToken) => _connection.Use(
        async redis => await Read(redis, classSetId) is { Length: > 0 } bytes ? Decode(bytes) : null, cancellationToken);

    public Task<IReadOnlyDictionary<ContentKey, byte[]>> LoadBlocks(
        IReadOnlyCollection<ContentKey> keys, CancellationToken cancellationToken) => _connection.Use<IReadOnlyDictionary<ContentKey, byte[]>>(
        async redis =>
        {
            var blocks = new Dictionary<ContentKey, byte[]>(keys.Count);
            foreach (var part in keys.Chunk(Window))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var values = await redis.StringGetAsync([.. part.Select(_keys.Block)]);
                await Task.Run(() => Take(part, values, blocks), cancellationToken);
            }
            return blocks;
        },
        cancellationToken);

    public Task Commit(
        string classSetId, long expectedRevision, ClassSetHead head, IReadOnlyList<Block> blocks, CancellationToken cancellationToken) =>
        _connection.Use(
            async redis =>
            {
                var read = await Read(redis, classSetId);
                var replaced = read.Length > 0 ? Decode(read) : null;
                if ((replaced?.Revision ?? 0) != expectedRevision) throw StoreFailures.Moved(classSetId, expectedRevision);
                var before = (replaced?.References ?? []).ToHashSet();
                var after = head.References.ToHashSet();
                ContentKey[] gained = [.. after.Except(before)], lost = [.. before.Except(after)];
                var summary = string.Create(CultureInfo.InvariantCulture, $"{head.Revision} {head.Classes} {head.Seen}");
                for (var attempt = 0; attempt < Attempts; attempt++)
                {
                    // The last of them and the commit go out together: one answer, and one write to the disk, is waited for.
                    var written = await Write(redis, blocks.Where(block => after.Contains(block.Key) && !before.Contains(block.Key)));
                    var committed = _commit.Run(redis, classSetId, read, _heads.Encode(head), summary, gained, lost);
                    await Task.WhenAll(written, committed);
                    switch (await committed)
                    {
                        case CommitOutcome.Done: return true;
                        case CommitOutcome.Moved: throw StoreFailures.Moved(classSetId, expectedRevision);
                        case CommitOutcome.OtherSchema: throw Newer(await redis.StringGetAsync(_keys.Schema));
                    }
                }
                throw StoreFailures.Damaged(_connection.Where, "a block that the class set names is missing", Remedy);
            },
            cancellationToken);

    public Task<IReadOnlyList<ClassSetSummary>> List(CancellationToken cancellationToken) => _connection.Use<IReadOnlyList<ClassSetSummary>>(
        async redis =>
        {
            var schema = redis.StringGetAsync(_keys.Schema);
            var entries = await redis.HashGetAllAsync(_keys.Summaries);
            Check(await schema);
            return [.. entries.Select(Summary).OrderBy(set => set.ClassSetId, StringComparer.Ordinal)];
        },
        cancellationToken);

    public async Task<StorageStatus> GetStatus(CancellationToken cancellationToken)
    {
        try
        {
            var doubt = await _connection.Use(RedisDurability.Doubt, cancellationToken);
            return new StorageStatus(
                _connection.Where, true, doubt is null, doubt ?? "appendonly yes, appendfsync always: acknowledged writes survive a crash");
        }
        catch (FewShotException e) when (e.Code == FewShotErrorCode.StorageUnavailable)
        {
            return new StorageStatus(_connection.Where, false, false, e.Message);
        }
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    /// <summary>The serialised head; empty: there is none.</summary>
    private async Task<byte[]> Read(IDatabase redis, string classSetId)
    {
        var schema = redis.StringGetAsync(_keys.Schema);
        var head = await redis.HashGetAsync(_keys.Heads, classSetId);
        Check(await schema);
        return (byte[]?)head ?? [];
    }

    /// <summary>Sends blocks; the task that is returned ends with the answers to the last ones.</summary>
    private async Task<Task> Write(IDatabase redis, IEnumerable<Block> blocks)
    {
        var last = Task.CompletedTask;
        foreach (var part in blocks.Chunk(Window))
        {
            await last;
            last = Task.WhenAll(part.Select(block => redis.StringSetAsync(_keys.Block(block.Key), block.Bytes, Staging, When.NotExists)));
        }
        return last;
    }

    private void Take(ContentKey[] keys, RedisValue[] values, Dictionary<ContentKey, byte[]> blocks)
    {
        for (var i = 0; i < keys.Length; i++)
        {
            if ((byte[]?)values[i] is not { } bytes || ContentKey.Of(bytes) != keys[i])
                throw StoreFailures.Damaged(_connection.Where, StoreFailures.Missing(keys[i]), Remedy);
            blocks[keys[i]] = bytes;
        }
    }

    private ClassSetSummary Summary(HashEntry entry)
    {
        var words = entry.Value.ToString().Split(' ');
        if (words.Length == 3
            && long.TryParse(words[0], CultureInfo.InvariantCulture, out var revision)
            && int.TryParse(words[1], CultureInfo.InvariantCulture, out var classes)
            && int.TryParse(words[2], CultureInfo.InvariantCulture, out var seen))
            return new ClassSetSummary(entry.Name!, revision, classes, seen);
        throw StoreFailures.Damaged(_connection.Where, $"the summary of class set '{entry.Name}' is unreadable", Remedy);
    }

    private ClassSetHead Decode(byte[] head) => _heads.Decode(head, _connection.Where, Remedy);

    private void Check(RedisValue schema)
    {
        // No schema: nothing was ever committed, or the server lost all it had.
        if (schema.HasValue && schema != Schema) throw Newer(schema);
    }

    private FewShotException Newer(RedisValue found) => StoreFailures.Newer(_connection.Where, found.ToString(), Schema, Remedy);
}
