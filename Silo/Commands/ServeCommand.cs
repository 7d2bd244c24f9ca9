using System.CommandLine;
using System.Runtime.InteropServices;
using FewShotCluster.Silo.Hosting;

namespace FewShotCluster.Silo.Commands;

/// <summary><c>fewshotd [serve]</c>: one node, until SIGTERM (exit 0) or Ctrl-C (exit 130).</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var config = new Option<string?>("--config") { Description = "JSON file with a 'FewShot' section." };
        var options = new (Option<string?> Option, string Key)[]
        {
            (Text("--data", "Folder of the class sets' database (--cluster localhost)."), "Data"),
            (Text("--urls", "HTTP addresses; port 0 picks a free one."), "Urls"),
            (Text("--node", "The node's name, unique in the cluster."), "Node"),
            (Text("--cluster", "localhost (one node) or redis (nodes that share --redis)."), "Cluster"),
            (Text("--redis", "HOST:PORT of the Redis that holds membership and class sets."), "Redis"),
            (Text("--silo-port", "Port for other silos; 0 picks a free one."), "SiloPort"),
            (Text("--gateway-port", "Port for clients; 0 picks a free one."), "GatewayPort"),
            (Text("--devices", "Devices of this node, with commas: cpu:0,cuda:0."), "Devices"),
            (Text("--dtype", "Number format of the models: auto, float32, bfloat16 or float16."), "Dtype"),
            (Text("--kernels", "What computes: auto, simd (float32 on AVX2), onednn (CPU) or aten."), "Kernels"),
            (Text("--threads", "Threads of one device's computations; 0: the cores divided by the devices."), "ThreadsPerDevice"),
            (Text("--fault-injection", "true: devices can be made to fail by POST /v1/devices/faults, for trials; never in production."), "FaultInjection"),
            (Text("--models", "Folder with manifest.json and the weights."), "Models"),
        };
        var command = new Command("serve", "Serves class sets (the default verb). Each option is also a key FewShot:Name and a variable FEWSHOT_NAME.") { config };
        foreach (var (option, _) in options) command.Add(option);
        command.SetAction((parsed, token) =>
        {
            var given = options
                .Select(o => KeyValuePair.Create(o.Key, parsed.GetValue(o.Option)))
                .Where(pair => pair.Value is not null);
            return RunAsync(NodeSettings.Load(parsed.GetValue(config), given), token);
        });
        return command;

        static Option<string?> Text(string name, string description) => new(name) { Description = description };
    }

    private static async Task<int> RunAsync(NodeSettings settings, CancellationToken cancellationToken)
    {
        var interrupted = false;
        // Beside the host's own handler, which stops it: only tells how it ended.
        using var signal = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => interrupted = true);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (settings.ExitWithStdin) StandardInput.WhenClosed(stop.Cancel);
        await using var node = await FewShotNode.StartAsync(settings, stop.Token);
        Console.WriteLine(await node.ReadyLineAsync(stop.Token));
        await node.WaitForShutdownAsync(stop.Token);
        return interrupted ? CommandRunner.Interrupted : 0;
    }
}
