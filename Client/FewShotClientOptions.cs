namespace FewShotCluster.Client;

/// <summary>Where the cluster is and how long to try.</summary>
public sealed record FewShotClientOptions
{
    /// <summary>Gateways as <c>host:port</c>; one that answers is enough. IPv6 addresses stand in brackets.</summary>
    public IReadOnlyList<string> Gateways { get; set; } = ["127.0.0.1:30000"];

    /// <summary>The cluster's id, as the silos have it.</summary>
    public string ClusterId { get; set; } = "fewshot";

    /// <summary>The service's id, as the silos have it.</summary>
    public string ServiceId { get; set; } = "fewshot";

    /// <summary>Time to reach a gateway at the first call; 100 ms to 10 minutes.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for a read or a classification, repetitions included, where the call gives none; at most an hour.</summary>
    public TimeSpan ReadTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Time for one write call, repetitions included; at most an hour.</summary>
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Time after which one attempt of a read counts as lost and is repeated; at most <see cref="ReadTimeout"/>.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Repetitions of one call, 0 to 20.</summary>
    public int MaxRetries { get; set; } = 8;

    /// <summary>First back-off, doubled (with jitter) at each repetition; 1 ms to 10 s.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Repetitions allowed per call on average over all calls, 0 to 1: keeps retries from multiplying an overload.</summary>
    public double RetryBudget { get; set; } = 0.2;
}
