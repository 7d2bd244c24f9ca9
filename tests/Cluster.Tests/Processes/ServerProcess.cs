using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using FewShotCluster.Client;

namespace FewShotCluster.Cluster.Tests.Processes;

/// <summary>A real <c>fewshotd serve</c> on free ports. It ends with this process: its standard input is our pipe.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly Process process;
    private readonly StringBuilder log;

    private ServerProcess(Process process, StringBuilder log, Match ready)
    {
        (this.process, this.log) = (process, log);
        Http = new HttpClient { BaseAddress = new Uri(ready.Groups["http"].Value) };
        Gateway = "127.0.0.1:" + ready.Groups["gateway"].Value;
        Node = ready.Groups["node"].Value;
        ReadyLine = ready.Value;
    }

    public HttpClient Http { get; }

    public string Gateway { get; }

    public string Node { get; }

    public string ReadyLine { get; }

    /// <summary>Sockets that it has open now (Linux).</summary>
    public int OpenSockets => Directory.GetFiles($"/proc/{process.Id}/fd").Count(file => new FileInfo(file).LinkTarget is { } link && link.StartsWith("socket:", StringComparison.Ordinal));

    /// <summary>What it logged so far.</summary>
    public string Log => Text(log);

    public static async Task<ServerProcess> StartAsync(string data, params string[] more)
    {
        var (process, log) = Launch(Serve(data, Programs.DemoModels(), more));
        using var limit = new CancellationTokenSource(Patience);
        while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            if (Ready().Match(line) is { Success: true } ready) return new ServerProcess(process, log, ready);
        }
        await process.WaitForExitAsync(limit.Token);
        throw new InvalidOperationException($"fewshotd ended with {process.ExitCode} before it was ready: {Text(log)}");
    }

    /// <summary>Runs a server that cannot start, to its end.</summary>
    public static Task<ToolProcess> FailAsync(string data, string models, params string[] more) => RunAsync(Serve(data, models, more));

    /// <summary>Runs a verb of <c>fewshotd</c> to its end.</summary>
    public static async Task<ToolProcess> RunAsync(params string[] args)
    {
        var (process, log) = Launch(args);
        // Generous: a busy machine may take minutes for what takes a quiet one seconds.
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new ToolProcess(process.ExitCode, output, Text(log));
        }
        finally
        {
            process.Kill();
            process.Dispose();
        }
    }

    public Task<FewShotClient> ConnectAsync() => FewShotClient.ConnectAsync(new FewShotClientOptions { Gateways = [Gateway] });

    /// <summary>SIGKILL: nothing is flushed, nothing is said.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        using var limit = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(limit.Token);
    }

    /// <summary>Ends standard input, as a parent's death does, and waits for the clean stop.</summary>
    public async Task<int> StopAsync()
    {
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) await KillAsync();
        process.Dispose();
        Http.Dispose();
    }

    private static string[] Serve(string data, string models, string[] more)
    {
        string[] usual = ["--data", data, "--models", models, "--urls", "http://127.0.0.1:0", "--silo-port", "0", "--gateway-port", "0"];
        // An option is given once: the test's own replaces the usual one.
        return ["serve", .. usual.Chunk(2).Where(pair => !more.Contains(pair[0])).SelectMany(pair => pair), .. more];
    }

    private static (Process Process, StringBuilder Log) Launch(string[] args)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { Programs.Server },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // A node warms up for seconds; the small sizes are enough here.
            Environment = { ["FEWSHOT_EXIT_WITH_STDIN"] = "1", ["FEWSHOT_WARM_UP_TIME"] = "00:00:01" },
        };
        foreach (var argument in args) start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        var log = new StringBuilder();
        process.ErrorDataReceived += (_, e) =>
        {
            lock (log) log.AppendLine(e.Data);
        };
        process.BeginErrorReadLine();
        return (process, log);
    }

    private static string Text(StringBuilder log)
    {
        lock (log) return log.ToString();
    }

    [GeneratedRegex(@"^ready: (?<node>\S+) http=(?<http>\S+) gateway=(?<gateway>\d+) devices=\S+ encoders=\S+$")]
    private static partial Regex Ready();
}
