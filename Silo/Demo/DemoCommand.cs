using System.CommandLine;
using FewShotCluster.Client;
using FewShotCluster.Silo.Commands;
using FewShotCluster.Silo.Hosting;
using FewShotCluster.Vision.Inference;
using Spectre.Console;

namespace FewShotCluster.Silo.Demo;

/// <summary><c>fewshotd demo</c>: a one-node cluster with the demo's models, measured through the SDK over its gateway.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var exit = new Option<bool>("--exit") { Description = "End after the figures instead of serving on." };
        var json = new Option<string?>("--json") { Description = "Write the figures to a file, or - for standard output." };
        var seed = NumberOption.Usual("--seed", "Which photos to draw.", 1, 0, (1 << 24) - 1);
        var device = DeviceOption.Create();
        var command = new Command("demo", "Shows the cascade at work on a drawn toy world.") { exit, json, seed, device, DemoTrainCommand.Create() };
        command.SetAction((parsed, token) => RunAsync(
            parsed.GetValue(seed), DeviceOption.Numbered(parsed.GetValue(device)!), parsed.GetValue(json), parsed.GetValue(exit), token));
        return command;
    }

    private static async Task<int> RunAsync(int seed, string device, string? json, bool exit, CancellationToken cancellationToken)
    {
        // Figures on standard output, the story on standard error where they would mix.
        var console = json == "-" ? AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }) : AnsiConsole.Console;
        using var stop = new Interruption(cancellationToken);

        if (!console.Profile.Out.IsTerminal) console.Profile.Width = 200;
        console.WriteLine("A drawn toy world: tiny models trained by this repository on pictures it drew. No evidence about photographs or about OpenAI's CLIP;");
        console.WriteLine("the README says how to serve real CLIP weights and your own photos.");
        var folder = Directory.CreateTempSubdirectory("fewshot-demo-");
        try
        {
            // Drawn before the node starts: it has the processors to itself.
            const string drawing = "drawing fresh photos";
            var photos = await VerbProgress.ShowAsync(console, progress => Task.Run(
                () => DemoPhotos.Draw(seed, share => progress(drawing, share), stop.Token), stop.Token));
            var settings = exit
                ? Settings(folder.FullName, device, 0, 0, "http://127.0.0.1:0")
                : Settings(folder.FullName, device, 11111, 30000, "http://127.0.0.1:8080");
            await using var node = await FewShotNode.StartAsync(settings, stop.Token);
            await using var client = await FewShotClient.ConnectAsync(
                new FewShotClientOptions { Gateways = [$"127.0.0.1:{node.GatewayPort}"] }, cancellationToken: stop.Token);
            var report = await VerbProgress.ShowAsync(console, progress => new DemoScenario(client, photos, progress).RunAsync(stop.Token));
            DemoTable.Print(console, report);
            if (json is not null) report.Write(json);
            if (exit)
            {
                // Before the node: what the client waits for would be told as failed by it.
                await client.DisposeAsync();
                await node.StopAsync(CancellationToken.None);
                return 0;
            }

            console.WriteLine($"serving class set '{DemoScenario.ClassSetId}' until Ctrl-C; metrics at {node.Url}/metrics");
            console.WriteLine(await node.ReadyLineAsync(stop.Token));
            await node.WaitForShutdownAsync(stop.Token);
            return stop.ByUser ? CommandRunner.Interrupted : 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static NodeSettings Settings(string data, string device, int siloPort, int gatewayPort, string urls)
    {
        var settings = new NodeSettings { SiloPort = siloPort, GatewayPort = gatewayPort, Urls = urls, LogLevel = LogLevel.Warning };
        settings.NodeOptions.DataDirectory = data;
        settings.NodeOptions.NodeName = "demo";
        settings.NodeOptions.Devices = [device];
        // The toy models are too small to gain from a second thread, and lose much when its core is taken.
        settings.NodeOptions.ThreadsPerDevice = 1;
        settings.NodeOptions.Dtype = ComputeDtype.Float32; // the same figures on every machine
        return settings;
    }
}
