using FewShotCluster.GrainInterfaces.Encoders;
using StackExchange.Redis;

namespace FewShotCluster.Grains.Storage;

/// <summary>
/// Names of what a service keeps in Redis; the braces put all of it into one slot, which transactions need on a sharded server.
/// </summary>
internal sealed class RedisKeys(string serviceId)
{
    private readonly string _prefix = $"{{fewshot:{serviceId}}}:";

    /// <summary>String: the schema's version.</summary>
    public RedisKey Schema => _prefix + "schema";

    /// <summary>Hash: class set to serialised head.</summary>
    public RedisKey Heads => _prefix + "heads";

    /// <summary>Hash: class set to revision, classes and seen ones, in decimal with spaces.</summary>
    public RedisKey Summaries => _prefix + "summaries";

    /// <summary>Hash: block's key to the number of class sets that name it.</summary>
    public RedisKey References => _prefix + "references";

    /// <summary>String: a block's bytes; it expires until a head names it.</summary>
    public RedisKey Block(ContentKey key) => _prefix + "block:" + key;
}
