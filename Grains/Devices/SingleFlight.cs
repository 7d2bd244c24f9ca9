namespace FewShotCluster.Grains.Devices;

/// <summary>
/// Concurrent requests for one key share one computation. It is cancelled when its last caller has gone, not before.
/// </summary>
internal sealed class SingleFlight<TKey, TValue> where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, Flight> _flights = [];

    public async Task<TValue> Run(TKey key, Func<CancellationToken, Task<TValue>> compute, CancellationToken cancellationToken)
    {
        Flight? flight;
        lock (_gate)
        {
            if (!_flights.TryGetValue(key, out flight))
            {
                flight = new Flight();
                _flights[key] = flight;
                // On the pool: a computation shared by several callers belongs to none of their schedulers.
                flight.Task = Task.Run(() => compute(flight.Abandoned.Token), CancellationToken.None);
            }
            flight.Callers++;
        }
        try
        {
            return await flight.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            Leave(key, flight);
        }
    }

    private void Leave(TKey key, Flight flight)
    {
        lock (_gate)
        {
            if (--flight.Callers > 0) return;
            if (_flights.TryGetValue(key, out var current) && ReferenceEquals(current, flight)) _flights.Remove(key);
        }
        if (flight.Task.IsCompleted) flight.Abandoned.Dispose();
        else flight.Abandoned.Cancel();
    }

    private sealed class Flight
    {
        public CancellationTokenSource Abandoned { get; } = new();

        public Task<TValue> Task { get; set; } = null!;

        public int Callers { get; set; }
    }
}
