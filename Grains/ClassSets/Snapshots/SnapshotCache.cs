using System.Collections.Concurrent;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Metrics;
using Microsoft.Extensions.Logging;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>
/// The silo's copies of published snapshots. The first read pulls and starts a long-polling watch that keeps the copy fresh; versions
/// never go back; a watch that nobody reads from ends, and the next read pulls again.
/// </summary>
internal sealed partial class SnapshotCache(IGrainFactory grains, FewShotMetrics metrics, TimeProvider time, ILogger<SnapshotCache> log)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    /// <summary>A watch ends when its set was not read for this long.</summary>
    internal static readonly TimeSpan Idle = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Sets that are being watched.</summary>
    public int Watched => _entries.Values.Count(entry => entry.Watching);

    /// <summary>Sets that take memory; beside the watched ones those that are being pulled for the first time.</summary>
    public int Known => _entries.Count;

    /// <summary>The newest known snapshot, at least of the version asked for.</summary>
    /// <exception cref="FewShotException">ClassSetNotFound; VersionNotReached.</exception>
    public ValueTask<ClassSetSnapshot> Get(string classSetId, long minimumVersion, CancellationToken cancellationToken)
    {
        var entry = _entries.GetOrAdd(classSetId, _ => new Entry());
        entry.LastRead = time.GetTimestamp();
        return entry.Watching && entry.Snapshot is { } snapshot && snapshot.Version >= minimumVersion
            ? new(snapshot)
            : new(Pull(classSetId, entry, minimumVersion, cancellationToken));
    }

    /// <summary>Watches end before the silo stops, which would wait for their long polls.</summary>
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(SnapshotCache), ServiceLifecycleStage.Active, _ => Task.CompletedTask, _ => _stopping.CancelAsync());

    public void Dispose() => _stopping.Cancel();

    private async Task<ClassSetSnapshot> Pull(string classSetId, Entry entry, long minimumVersion, CancellationToken cancellationToken)
    {
        await entry.Gate.WaitAsync(cancellationToken);
        try
        {
            if (!entry.Watching || entry.Snapshot is null || entry.Snapshot.Version < minimumVersion)
                await Refresh(classSetId, entry).WaitAsync(cancellationToken);
            if (!entry.Watching)
            {
                entry.Watching = true;
                // Another caller's failure may have removed it meanwhile.
                _entries.TryAdd(classSetId, entry);
                // On the pool: the watch outlives the request and must not run in its grain's turns.
                _ = Task.Run(() => Watch(classSetId, entry), CancellationToken.None);
            }
        }
        catch when (!entry.Watching)
        {
            // Nothing will ever end an entry that has no watch: whatever failed, ids that nobody created must not pile up.
            Forget(classSetId, entry);
            throw;
        }
        finally
        {
            entry.Gate.Release();
        }
        var snapshot = entry.Snapshot!;
        if (snapshot.Version >= minimumVersion) return snapshot;
        throw new FewShotException(
            FewShotErrorCode.VersionNotReached,
            $"class set '{classSetId}' is at version {snapshot.Version}, {minimumVersion} was asked for: use one that a write returned");
    }

    private async Task Watch(string classSetId, Entry entry)
    {
        try
        {
            while (!_stopping.IsCancellationRequested && time.GetElapsedTime(entry.LastRead) < Idle)
            {
                try
                {
                    var have = entry.Snapshot!.Version;
                    await Catch(classSetId, entry, await grains.GetGrain<IClassSetGrain>(classSetId).WaitForNewer(have, _stopping.Token));
                }
                catch (FewShotException e) when (e.Code == FewShotErrorCode.ClassSetNotFound)
                {
                    return;
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    LogWatchFailed(log, e.Message, classSetId);
                    await Task.Delay(RetryDelay, time, _stopping.Token);
                }
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The silo stops.
        }
        finally
        {
            // What is not kept fresh is not kept: the next read starts anew.
            entry.Watching = false;
            Forget(classSetId, entry);
        }
    }

    /// <summary>Fetches a version that the watch was told of, unless a reader who asked for it was first.</summary>
    private async Task Catch(string classSetId, Entry entry, long version)
    {
        await entry.Gate.WaitAsync(_stopping.Token);
        try
        {
            if (entry.Snapshot!.Version < version) await Refresh(classSetId, entry);
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    /// <summary>Fetches what is newer, if there is anything: the steps to it, or the whole.</summary>
    private async Task Refresh(string classSetId, Entry entry)
    {
        var grain = grains.GetGrain<IClassSetGrain>(classSetId);
        var have = entry.Snapshot;
        if (await grain.GetIfNewer(have?.Version ?? 0) is not { } update) return;
        // Megabytes are copied and hashed: not in a turn of the grain that asked.
        var newer = update.Full ?? await Task.Run(() => Follow(have!, update.Steps));
        if (newer is null)
        {
            LogDeltaFailed(log, classSetId, have!.Version);
            newer = (await grain.GetIfNewer(0))!.Full!;
        }
        lock (entry)
        {
            if (entry.Snapshot is { } present && present.Version >= newer.Version) return;
            entry.Snapshot = newer;
        }
        metrics.Serving(newer);
    }

    /// <summary>The snapshot that the steps lead to; null where its digest is not the published one's.</summary>
    private static ClassSetSnapshot? Follow(ClassSetSnapshot have, SnapshotDelta[] steps)
    {
        var newer = steps.Aggregate(have, SnapshotDeltas.Apply);
        return SnapshotDigest.Of(newer) == newer.Digest ? newer : null;
    }

    private void Forget(string classSetId, Entry entry)
    {
        // Unless a newer entry took its place and is served.
        if (_entries.TryRemove(new KeyValuePair<string, Entry>(classSetId, entry))) metrics.NoLongerServing(classSetId);
    }

    private sealed class Entry
    {
        private volatile ClassSetSnapshot? _snapshot;
        private volatile bool _watching;
        private long _lastRead;

        /// <summary>Single flight: one pull at a time.</summary>
        public SemaphoreSlim Gate { get; } = new(1, 1);

        public ClassSetSnapshot? Snapshot
        {
            get => _snapshot;
            set => _snapshot = value;
        }

        public bool Watching
        {
            get => _watching;
            set => _watching = value;
        }

        public long LastRead
        {
            get => Volatile.Read(ref _lastRead);
            set => Volatile.Write(ref _lastRead, value);
        }
    }
}
