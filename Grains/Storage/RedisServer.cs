using System.Net;
using FewShotCluster.GrainInterfaces.Errors;
using StackExchange.Redis;

namespace FewShotCluster.Grains.Storage;

/// <summary>How a node reaches its Redis: as <c>HOST:PORT</c>, or with StackExchange.Redis's own options behind commas (password, ssl).</summary>
public static class RedisServer
{
    // Callers have deadlines of seconds: a server that is gone must be known before.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Options under which a lost server fails calls at once and is looked for twice a second.</summary>
    /// <param name="server">The server as its user wrote it.</param>
    /// <param name="clientName">What the server's own lists show.</param>
    /// <exception cref="FewShotException">InvalidArgument: unreadable.</exception>
    public static ConfigurationOptions Options(string server, string clientName)
    {
        try
        {
            var options = ConfigurationOptions.Parse(server);
            if (options.EndPoints.Count == 0) throw new ArgumentException("no HOST:PORT in it");
            options.AbortOnConnectFail = false;
            options.ConnectTimeout = options.SyncTimeout = options.AsyncTimeout = (int)Patience.TotalMilliseconds;
            options.BacklogPolicy = BacklogPolicy.FailFast;
            options.ReconnectRetryPolicy = new LinearRetry(500);
            options.ClientName = clientName;
            options.IncludeDetailInExceptions = false;
            return options;
        }
        catch (ArgumentException e)
        {
            throw new FewShotException(FewShotErrorCode.InvalidArgument, $"--redis is not HOST:PORT: {e.Message}", inner: e);
        }
    }

    /// <summary>The addresses without secrets, for messages.</summary>
    public static string Describe(ConfigurationOptions options) =>
        "redis " + string.Join(", ", options.EndPoints.Select(point => point is DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : $"{point}"));

    /// <summary>A failure of the client library as ours; null: it is none of these.</summary>
    public static FewShotException? Translate(Exception failure, string where) => failure switch
    {
        RedisTimeoutException => Unavailable($"{where} did not answer within {Patience.TotalSeconds:0} s: what was asked may still have been done, and is safe to repeat", failure),
        RedisConnectionException => Unavailable($"{where} cannot be reached: check that it runs; what was asked is safe to repeat", failure),
        RedisException => Unavailable($"{where}: {failure.Message.ReplaceLineEndings(" ")}", failure),
        _ => null,
    };

    private static FewShotException Unavailable(string message, Exception cause) =>
        new(FewShotErrorCode.StorageUnavailable, message, inner: cause);
}
