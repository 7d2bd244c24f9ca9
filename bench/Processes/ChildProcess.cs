using System.Diagnostics;
using System.Threading.Channels;

namespace FewShotCluster.Bench.Processes;

/// <summary>A child that is killed rather than asked, whose output is read line by line, and that ends with this process.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly LogTail tail = new();
    private readonly Channel<string> output = Channel.CreateUnbounded<string>();

    // Lines after the awaited one are kept for messages only.
    private volatile bool awaited = true;

    public ChildProcess(ProcessStartInfo info)
    {
        (info.RedirectStandardInput, info.RedirectStandardOutput, info.RedirectStandardError) = (true, true, true);
        process = new Process { StartInfo = info };
        process.OutputDataReceived += (_, e) => Read(e.Data);
        process.ErrorDataReceived += (_, e) => tail.Add(e.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        void Read(string? line)
        {
            tail.Add(line);
            if (line is null) output.Writer.TryComplete();
            else if (awaited) output.Writer.TryWrite(line);
        }
    }

    public bool HasExited => process.HasExited;

    public string Tail => tail.ToString();

    /// <summary>Waits for a line of standard output that means readiness.</summary>
    /// <exception cref="InvalidOperationException">It ended, or said nothing of the kind in time.</exception>
    public async Task<T> AwaitLineAsync<T>(Func<string, T?> parse, TimeSpan patience, CancellationToken cancellationToken) where T : class
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        try
        {
            await foreach (var line in output.Reader.ReadAllAsync(limit.Token))
            {
                if (parse(line) is not { } found) continue;
                awaited = false;
                return found;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InvalidOperationException($"{process.StartInfo.FileName} was not ready within {patience.TotalSeconds:0} s: {Tail}");
        }
        await process.WaitForExitAsync(cancellationToken);
        throw new InvalidOperationException($"{process.StartInfo.FileName} ended with {process.ExitCode} before it was ready: {Tail}");
    }

    /// <summary>SIGKILL: nothing is flushed, nothing is said.</summary>
    public async Task KillAsync()
    {
        if (!process.HasExited) process.Kill();
        await process.WaitForExitAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        process.Dispose();
    }
}
