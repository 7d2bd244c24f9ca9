using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Grains.Devices;

/// <summary>
/// Concurrent requests for one key share one computation. It is cancelled when its last caller has gone, not before; a failure is everybody's
/// who waited for it and nobody's after, except for a refusal that followed from the first caller's deadline: whoever joined tries with his own.
/// </summary>
internal sealed class SingleFlight<TKey, TValue> where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, Flight> _flights = [];

    /// <summary>Computations under way.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _flights.Count;
        }
    }

    public async Task<TValue> Run(TKey key, Func<CancellationToken, Task<TValue>> compute, CancellationToken cancellationToken)
    {
        var flight = Join(key, compute, out var isFirst);
        try
        {
            return await flight.Task.WaitAsync(cancellationToken);
        }
        catch (FewShotException e) when (!isFirst && e.Code is FewShotErrorCode.DeadlineExceeded or FewShotErrorCode.Overloaded)
        {
            // Once: what stands in this caller's own way he meets as the first, or shares with another who does.
        }
        finally
        {
            Leave(key, flight);
        }
        flight = Join(key, compute, out _);
        try
        {
            return await flight.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            Leave(key, flight);
        }
    }

    private Flight Join(TKey key, Func<CancellationToken, Task<TValue>> compute, out bool isFirst)
    {
        lock (_gate)
        {
            // One that is over but not yet left by all its callers is no flight any more: its failure must not reach a newcomer.
            isFirst = !_flights.TryGetValue(key, out var flight) || flight.Task.IsCompleted;
            if (isFirst)
            {
                flight = new Flight();
                _flights[key] = flight;
                // On the pool: a computation shared by several callers belongs to none of their schedulers.
                flight.Task = Task.Run(() => compute(flight.Abandoned.Token), CancellationToken.None);
            }
            flight!.Callers++;
            return flight;
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
