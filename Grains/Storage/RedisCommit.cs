using FewShotCluster.GrainInterfaces.Encoders;
using StackExchange.Redis;

namespace FewShotCluster.Grains.Storage;

/// <summary>What became of a commit.</summary>
internal enum CommitOutcome
{
    Done,

    /// <summary>Another head is there.</summary>
    Moved,

    /// <summary>A block is gone: written too long ago, or its last other owner left it meanwhile.</summary>
    BlockMissing,

    /// <summary>Another schema is there.</summary>
    OtherSchema,
}

/// <summary>
/// The one atomic step: if the head is still the one that was read, the new one takes its place, blocks that it gained stop expiring
/// and blocks that lost their last owner go. A script, as the last needs counts that a transaction's conditions cannot compare.
/// </summary>
internal sealed class RedisCommit(RedisKeys keys)
{
    // KEYS: schema, heads, summaries, references, blocks gained, blocks lost.
    // ARGV: schema, class set, head read or empty, new head, new summary, number of blocks gained.
    private const string Script = """
        local schema = redis.call('GET', KEYS[1])
        if schema and schema ~= ARGV[1] then return 3 end
        if (redis.call('HGET', KEYS[2], ARGV[2]) or '') ~= ARGV[3] then return 1 end
        local lost = 5 + tonumber(ARGV[6])
        for i = 5, lost - 1 do
          if redis.call('EXISTS', KEYS[i]) == 0 then return 2 end
        end
        for i = 5, lost - 1 do
          redis.call('PERSIST', KEYS[i])
          redis.call('HINCRBY', KEYS[4], KEYS[i], 1)
        end
        for i = lost, #KEYS do
          if redis.call('HINCRBY', KEYS[4], KEYS[i], -1) <= 0 then
            redis.call('HDEL', KEYS[4], KEYS[i])
            redis.call('UNLINK', KEYS[i])
          end
        end
        redis.call('SET', KEYS[1], ARGV[1])
        redis.call('HSET', KEYS[2], ARGV[2], ARGV[4])
        redis.call('HSET', KEYS[3], ARGV[2], ARGV[5])
        return 0
        """;

    /// <param name="redis">Where.</param>
    /// <param name="classSetId">The set.</param>
    /// <param name="read">The serialised head that is replaced; empty: none.</param>
    /// <param name="head">The serialised new head.</param>
    /// <param name="summary">The set's line in the list.</param>
    /// <param name="gained">Blocks that the new head names and the replaced one does not.</param>
    /// <param name="lost">The other way round.</param>
    public async Task<CommitOutcome> Run(
        IDatabase redis, string classSetId, byte[] read, byte[] head, string summary, IReadOnlyCollection<ContentKey> gained, IReadOnlyCollection<ContentKey> lost)
    {
        RedisKey[] names = [keys.Schema, keys.Heads, keys.Summaries, keys.References, .. gained.Concat(lost).Select(keys.Block)];
        RedisValue[] values = [RedisClassSetStore.Schema, classSetId, read, head, summary, gained.Count];
        return (CommitOutcome)(int)await redis.ScriptEvaluateAsync(Script, names, values);
    }
}
