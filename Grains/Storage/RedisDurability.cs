using StackExchange.Redis;

namespace FewShotCluster.Grains.Storage;

/// <summary>Whether a Redis server keeps what it acknowledged through a crash and the loss of power, by its own settings.</summary>
internal static class RedisDurability
{
    /// <summary>Null: it does. Else what keeps it from it.</summary>
    public static async Task<string?> Doubt(IDatabase redis)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            // One setting a call: servers before 7 take no more.
            foreach (var name in new[] { "appendonly", "appendfsync", "maxmemory", "maxmemory-policy" })
            {
                var answer = (RedisResult[])(await redis.ExecuteAsync("CONFIG", "GET", name))!;
                if (answer.Length == 2) settings[name] = (string)answer[1]!;
            }
        }
        catch (RedisServerException e)
        {
            return $"the server does not tell its settings ({e.Message.ReplaceLineEndings(" ")})";
        }
        if (settings.GetValueOrDefault("appendonly") != "yes") return "appendonly is not yes: a crash loses the last minutes or everything";
        if (settings.GetValueOrDefault("appendfsync") != "always") return "appendfsync is not always: a crash loses the last second";
        return settings.GetValueOrDefault("maxmemory", "0") != "0" && settings.GetValueOrDefault("maxmemory-policy", "").StartsWith("allkeys", StringComparison.Ordinal)
            ? "maxmemory-policy evicts any key: a full server forgets class sets; use noeviction"
            : null;
    }
}
