namespace FewShotCluster.Client.Calls;

/// <summary>
/// Token bucket over all calls of a client: a first attempt earns <paramref name="ratio"/> of a repetition, a repetition costs one.
/// While the cluster is down, clients so add at most that share to its load. What was saved up pays for the calls that a lost node takes
/// with it, all at once. Source: the retry throttling of gRPC (A6), by attempts instead of successes.
/// </summary>
internal sealed class RetryBudget(double ratio)
{
    private const double Initial = 20;
    private const double Capacity = 1000;
    private readonly Lock gate = new();
    private double tokens = ratio > 0 ? Initial : 0;

    public void OnFirstAttempt()
    {
        lock (gate) tokens = Math.Min(Capacity, tokens + ratio);
    }

    public bool TrySpend()
    {
        lock (gate)
        {
            if (tokens < 1) return false;
            tokens -= 1;
            return true;
        }
    }
}
