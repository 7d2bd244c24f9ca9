using FewShotCluster.Bench.Measurement;
using FewShotCluster.Bench.Processes;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Bench.Cluster;

/// <summary>Where class sets are stored.</summary>
public enum TrialStore
{
    /// <summary>One node with its SQLite file.</summary>
    Sqlite,

    /// <summary>Two nodes with Redis.</summary>
    Redis,
}

/// <summary>
/// Names are added one a write by several users at once while the silo that holds the class set is killed again and again. Each
/// acknowledged name must be there exactly once and every version used exactly once.
/// </summary>
/// <param name="trial">The processes.</param>
/// <param name="options">How much.</param>
public sealed class HotAddTrial(TrialCluster trial, HotAddTrial.Options options)
{
    private const string Set = "hot-add";
    private const int Before = 10, Writers = 4;
    private readonly AddedNames names = new(Before);
    private readonly Gate gate = new(Writers);
    private readonly Random random = new(options.Seed);
    private readonly List<string> failures = [];
    private int next = -1, kills, cuts, lostByCuts;

    /// <summary>How much.</summary>
    /// <param name="Store">Where class sets are stored.</param>
    /// <param name="Adds">Names.</param>
    /// <param name="Kills">Kills, spread over them.</param>
    public sealed record Options(TrialStore Store, int Adds, int Kills)
    {
        /// <summary>
        /// SQLite: after each kill the write-ahead log is damaged, by turns with garbage behind its end (nothing may be lost) and by a cut at a
        /// random byte (a whole earlier version must be there, and what is lost can be added again).
        /// </summary>
        public bool DamageLog { get; init; }

        /// <summary>Moments and bytes.</summary>
        public int Seed { get; init; } = 1;
    }

    /// <summary>Runs the trial.</summary>
    public async Task<TrialResult> RunAsync(CancellationToken cancellationToken)
    {
        if (options.Store == TrialStore.Redis) await trial.StartRedisAsync(cancellationToken);
        var nodes = new List<NodeProcess>();
        for (var i = 0; i < (options.Store == TrialStore.Redis ? 2 : 1); i++)
            nodes.Add(await trial.StartAsync($"node-{(char)('a' + i)}", spec => spec with { GatewayPort = FreePort.Next() }, cancellationToken));
        // A cut takes acknowledged names with it; nobody may add others before it is known which.
        await using var client = await TrialCluster.ConnectAsync(
            nodes, cancellationToken, o => options.DamageLog ? o with { MaxRetries = 0, WriteTimeout = TimeSpan.FromSeconds(10) } : o);
        await TrialCluster.CreateAsync(client, Set, Before, cancellationToken);

        var writer = new NameWriter(client, Set, names);
        const string step = "adding names, killing";
        trial.Progress(step, 0);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => WriteAsync(writer, stop.Token)));
        try
        {
            for (var kill = 1; kill <= options.Kills; kill++)
            {
                await UntilAsync(() => names.Acknowledgements >= kill * options.Adds / (options.Kills + 1), writing, stop.Token);
                await KillAsync(nodes, client, stop.Token);
                trial.Progress(step, Math.Min(0.99, (double)names.Count / options.Adds));
            }
            await writing;
        }
        finally
        {
            await stop.CancelAsync();
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        // What cuts took is added again, as its users would.
        for (var i = 0; i < options.Adds; i++)
            if (!names.IsAcknowledged(AddedNames.Of(i))) await writer.AddAsync(i, gate.PassAsync, cancellationToken);
        trial.Progress(step, 1);
        failures.AddRange(names.Check(await DescribeAsync(client, cancellationToken)));
        if (names.Count != options.Adds) failures.Add($"{names.Count} of {options.Adds} names were acknowledged");
        return Result(writer);
    }

    private TrialResult Result(NameWriter writer)
    {
        var name = $"cluster/hot-add/{options.Store.ToString().ToLowerInvariant()}{(options.DamageLog ? "/damaged-log" : "")}";
        return new(
        [
            new($"{name}/added", names.Count, "names") { Note = $"one a write, {Writers} users at once; every version from 2 to {options.Adds + 1} used once" },
            new($"{name}/kills", kills, "kills") { Note = "of the silo that held the class set" },
            new($"{name}/failures", failures.Count, "failures") { Note = "lost or duplicated names, version gaps" },
            new($"{name}/repeated", writer.Failures.Values.Sum(), "calls")
            {
                Note = $"that failed typed and were repeated under their operation id: {string.Join(", ", writer.Failures.Select(f => $"{f.Key} {f.Value}"))}",
            },
            .. options.DamageLog
                ? new Figure[]
                {
                    new($"{name}/cuts", cuts, "cuts") { Note = $"at random bytes; {kills - cuts} logs torn at their end, which lost nothing" },
                    new($"{name}/lost-by-cuts", lostByCuts, "names") { Note = "acknowledged and cut off again, always the newest; then added again" },
                }
                : [],
        ], failures);
    }

    private async Task WriteAsync(NameWriter writer, CancellationToken cancellationToken)
    {
        try
        {
            var before = 0L;
            while (Interlocked.Increment(ref next) is var i && i < options.Adds)
            {
                var version = await writer.AddAsync(i, gate.PassAsync, cancellationToken);
                if (version <= before && !options.DamageLog) Fail($"version {version} was acknowledged after {before} to the same user");
                before = version;
            }
        }
        finally
        {
            gate.Leave();
        }
    }

    private async Task KillAsync(List<NodeProcess> nodes, FewShotClient client, CancellationToken cancellationToken)
    {
        var victim = await HolderAsync(nodes, client, cancellationToken);
        // Anywhere within a write.
        await Task.Delay(random.Next(30), cancellationToken);
        var quiet = options.DamageLog ? gate.CloseAsync() : Task.CompletedTask;
        await victim.KillAsync();
        kills++;
        await quiet.WaitAsync(cancellationToken);
        var cut = false;
        if (options.DamageLog && kills % 2 == 0) cut = WriteAheadLog.Cut(victim.Spec.Data, random) > 0;
        else if (options.DamageLog) WriteAheadLog.Tear(victim.Spec.Data, random);
        nodes[nodes.IndexOf(victim)] = await trial.RestartAsync(victim, cancellationToken);
        if (!options.DamageLog) return;
        var set = await DescribeAsync(client, cancellationToken);
        if (cut)
        {
            cuts++;
            lostByCuts += names.ForgetAfter(set.Version);
        }
        failures.AddRange(names.Check(set));
        gate.Open();
    }

    // Without repetitions of its own, the first calls after a restart may still meet the old connection.
    private static async Task<ClassSetDescription> DescribeAsync(FewShotClient client, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await client.DescribeAsync(Set, cancellationToken);
            }
            catch (FewShotException e) when (e.Code is FewShotErrorCode.DeviceUnavailable or FewShotErrorCode.DeadlineExceeded)
            {
                await Task.Delay(100, cancellationToken);
            }
        }
    }

    private static async Task<NodeProcess> HolderAsync(List<NodeProcess> nodes, FewShotClient client, CancellationToken cancellationToken)
    {
        if (nodes.Count == 1) return nodes[0];
        await using var probe = await ClusterProbe.ConnectAsync(nodes, cancellationToken);
        var home = await probe.HomeAsync(Set, cancellationToken);
        var status = await client.GetStatusAsync(cancellationToken);
        var name = status.Nodes.FirstOrDefault(node => node.Address == home)?.Name;
        return nodes.Find(node => node.Spec.Name == name) ?? nodes[0];
    }

    private static async Task UntilAsync(Func<bool> reached, Task unless, CancellationToken cancellationToken)
    {
        while (!reached() && !unless.IsCompleted) await Task.Delay(2, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private void Fail(string failure)
    {
        lock (failures) failures.Add(failure);
    }
}
