using System.Diagnostics;

namespace FewShotCluster.Cluster.Tests.Processes;

/// <summary>One run of the real <c>fewshot</c>.</summary>
internal sealed record ToolProcess(int ExitCode, string Output, string Error)
{
    public static async Task<ToolProcess> RunAsync(string gateway, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { Programs.Tool },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["FEWSHOT_GATEWAY"] = gateway },
        };
        foreach (var argument in args) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return new ToolProcess(process.ExitCode, await output, await error);
    }
}
