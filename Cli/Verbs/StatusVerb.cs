using System.CommandLine;
using FewShotCluster.Cli.Output;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot status</c></summary>
internal static class StatusVerb
{
    public static Command Create(SharedOptions shared) => new Command("status", "Nodes, devices and class sets.").Runs(shared, async (call, token) =>
    {
        await using var client = await call.ConnectAsync(token);
        var status = await client.GetStatusAsync(token);
        foreach (var node in status.Nodes) call.Line($"node {node.Name}: {node.State} at {node.Address}, {string.Join(", ", node.Slots)}");
        foreach (var device in status.Devices)
        {
            call.Line(
                $"device {device.Slot}: {device.State}{(device.Faults == 0 ? "" : $" ({device.Faults} faults, the last: {device.LastFault})")}, {string.Join(", ", device.Encoders.Select(e => e.Name))} in {device.Dtype} ({device.Kernels}, "
                    + $"{device.Threads} threads), queue {device.QueueLength} of {device.QueueLimit}, {device.Running} running, {device.Encoded} encoded in {device.Batches} batches, cache {device.CacheHits} hits, {device.CacheMisses} misses");
        }
        if (status.Storage is { } storage)
        {
            var writes = !storage.Available ? "unavailable" : storage.Durable ? "durable" : "NOT durable";
            call.Line($"storage {storage.Store}: {writes}, {storage.Detail}");
        }
        foreach (var set in status.ClassSets) call.Line($"class set {set.ClassSetId}: version {set.Version}, {set.Classes} classes, {set.Seen} seen");
        await call.ReportAsync(status, Reports.Default.ClusterStatus);
        return ExitCodes.Done;
    });
}
