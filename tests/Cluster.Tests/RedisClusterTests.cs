using System.Diagnostics;
using FewShotCluster.Client;
using FewShotCluster.Cluster.Tests.Processes;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cluster.Tests;

/// <summary>Three real nodes on a real Redis: what one learns the others serve, and neither a lost node nor a lost Redis ends that.</summary>
public sealed class RedisClusterTests(RunningCluster cluster) : IClassFixture<RunningCluster>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly ClassifyOptions TenSeconds = new() { Deadline = TimeSpan.FromSeconds(10) };

    [Fact]
    public async Task LostNodesAreSurvivedAndReplaced()
    {
        await cluster.EnsureStartedAsync();
        var (first, second, third) = (cluster.Nodes[0], cluster.Nodes[1], cluster.Nodes[2]);
        await using var writer = await first.ConnectAsync();
        await using var reader = await second.ConnectAsync();
        var status = await StatusWhen(reader, s => s.Devices.Count == 3);
        Assert.All(status.Nodes, node => Assert.Equal("Active", node.State));
        Assert.Equal(cluster.Nodes.Select(node => $"{node.Node}/cpu:0").Order(), status.Devices.Select(device => device.Slot).Order());
        Assert.True(status.Storage is { Available: true, Durable: true }, $"{status.Storage}");

        await writer.CreateClassSetAsync("set", Pictures.Definition);
        var added = await writer.AddClassesAsync("set", [new ClassDefinition("red car", 99)]);
        var answer = await reader.ClassifyAsync("set", Pictures.Test(0), TenSeconds with { MinimumVersion = added.Version });
        Assert.Equal(added.Version, answer.Version);

        // One client asks and one adds names all the while, both knowing every gateway.
        await using var client = await cluster.ConnectAsync();
        using var stop = new CancellationTokenSource();
        var version = added.Version;
        var asking = Repeat(stop.Token, async i =>
        {
            var least = Volatile.Read(ref version);
            var asked = await client.ClassifyAsync("set", Pictures.Test(i % Pictures.Classes.Count), TenSeconds with { MinimumVersion = least });
            Assert.True(asked.Version >= least);
        });
        var adding = Repeat(stop.Token, async i =>
        {
            var now = await client.AddClassesAsync("set", [new ClassDefinition($"name {i}")]);
            Assert.Equal(version + 1, now.Version);
            Volatile.Write(ref version, now.Version);
        });
        await Counts(asking.Done, asking.Done, asking.Done, asking.Done);
        foreach (var node in cluster.Nodes) Assert.Contains("fewshot_requests_total{", await node.Http.GetStringAsync("/metrics"));
        await Counts(asking.Done, adding.Done);
        await Task.WhenAll(cluster.KillAsync(first), cluster.KillAsync(third));
        await Counts(asking.Done, adding.Done);
        var replacements = await Task.WhenAll(cluster.AddAsync(), cluster.AddAsync());
        foreach (var replacement in replacements)
        {
            await using var newcomer = await replacement.ConnectAsync();
            var least = Volatile.Read(ref version);
            Assert.True((await newcomer.ClassifyAsync("set", Pictures.Test(1), TenSeconds with { MinimumVersion = least })).Version >= least);
        }
        status = await StatusWhen(reader, s => s.Devices.Count == 3 && s.Nodes.All(node => node.State == "Active"));
        Assert.Equal(cluster.Nodes.Select(node => node.Node).Order(), status.Nodes.Select(node => node.Name).Order());
        await stop.CancelAsync();
        await Task.WhenAll(asking.Loop, adding.Loop);
        var described = await reader.DescribeAsync("set");
        Assert.Equal(version, described.Version);
        var names = described.Classes.Select(c => c.Name).Where(name => name.StartsWith("name ", StringComparison.Ordinal)).ToList();
        Assert.Equal(names.Distinct(), names);
        Assert.Equal(version - added.Version, names.Count);
    }

    [Fact]
    public async Task WhileRedisIsGoneReadsGoOnAndWritesFailTyped()
    {
        await cluster.EnsureStartedAsync();
        await using var client = await cluster.ConnectAsync(options => options with { MaxRetries = 0 });
        var created = await client.CreateClassSetAsync("outage", Pictures.Definition);
        foreach (var node in cluster.Nodes)
        {
            await using var each = await node.ConnectAsync();
            await each.ClassifyAsync("outage", Pictures.Test(0), TenSeconds with { MinimumVersion = created.Version });
        }
        await cluster.Redis.KillAsync();

        ClassDefinition[] more = [new("red car", 99)];
        for (var repeat = 0; repeat < 2; repeat++)
        {
            var watch = Stopwatch.StartNew();
            var error = await Assert.ThrowsAsync<FewShotException>(() => client.AddClassesAsync("outage", more, "hot-add"));
            Assert.True(error.Code == FewShotErrorCode.StorageUnavailable, $"{error.Code}: {error.Message}");
            Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        }
        var down = await StatusWhen(client, s => s.Storage is { Available: false });
        Assert.Equal(3, down.Devices.Count);
        var tool = await ToolProcess.RunAsync(string.Join(',', cluster.Nodes.Select(node => node.Gateway)), "status");
        Assert.True(tool.ExitCode == 0, tool.Error);
        Assert.Contains("unavailable", tool.Output);
        foreach (var node in cluster.Nodes)
        {
            await using var each = await node.ConnectAsync();
            Assert.Equal(created.Version, (await each.ClassifyAsync("outage", Pictures.Test(1), TenSeconds)).Version);
        }

        await cluster.Redis.RestartAsync();
        await using var patient = await cluster.ConnectAsync();
        var added = await patient.AddClassesAsync("outage", more, "hot-add");
        Assert.Equal(created.Version + 1, added.Version);
        Assert.Equal(added, await patient.AddClassesAsync("outage", more, "hot-add"));
        foreach (var node in cluster.Nodes)
        {
            await using var each = await node.ConnectAsync();
            Assert.Equal(added.Version, (await each.ClassifyAsync("outage", Pictures.Test(2), TenSeconds with { MinimumVersion = added.Version })).Version);
        }
        Assert.All((await patient.GetStatusAsync()).Nodes, node => Assert.Equal("Active", node.State));
    }

    [Fact]
    public async Task ANodeNameIsGivenOnce()
    {
        await cluster.EnsureStartedAsync();
        var taken = cluster.Nodes[0].Node;
        var run = await cluster.FailAsync(taken);
        Assert.True(run.ExitCode == 2, $"exit {run.ExitCode}: {run.Error}");
        Assert.Contains($"error: InvalidArgument: --node '{taken}'", run.Error);
        await using var client = await cluster.ConnectAsync();
        await StatusWhen(client, status => status.Nodes.Count == 3);
    }

    /// <summary>A call again and again; a failure ends it.</summary>
    private sealed class Repeated(Task loop, Func<int> done)
    {
        public Task Loop => loop;

        public (Task Loop, Func<int> Count) Done => (loop, done);
    }

    private static Repeated Repeat(CancellationToken stop, Func<int, Task> call)
    {
        var done = 0;
        var loop = Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                await call(i);
                Volatile.Write(ref done, i + 1);
            }
        });
        return new Repeated(loop, () => Volatile.Read(ref done));
    }

    /// <summary>Waits until each loop has done three more calls: the last of them began after this one.</summary>
    private static async Task Counts(params (Task Loop, Func<int> Count)[] loops)
    {
        var watch = Stopwatch.StartNew();
        foreach (var (loop, count) in loops)
        {
            var target = count() + 3;
            while (count() < target)
            {
                if (loop.IsCompleted) await loop;
                Assert.True(watch.Elapsed < Patience, $"stuck at {count()} calls");
                await Task.Delay(20);
            }
        }
    }

    private static async Task<ClusterStatus> StatusWhen(FewShotClient client, Func<ClusterStatus, bool> reached)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var status = await client.GetStatusAsync();
            if (reached(status)) return status;
            Assert.True(watch.Elapsed < Patience, $"{string.Join("; ", status.Nodes)}; {status.Storage}; {string.Join(", ", status.Devices.Select(d => d.Slot))}");
            await Task.Delay(50);
        }
    }
}
