using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Bench.Processes;

/// <summary>A <c>redis-server</c> as a cluster wants it (every acknowledged write on disk), on a port and in a folder that it keeps.</summary>
public sealed class RedisProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string folder;
    private readonly int port;
    private ChildProcess process;

    private RedisProcess(string folder, int port, ChildProcess process) => (this.folder, this.port, this.process) = (folder, port, process);

    /// <summary>HOST:PORT.</summary>
    public string Address => $"127.0.0.1:{port}";

    /// <exception cref="FewShotException">InvalidArgument: redis-server is not installed.</exception>
    public static async Task<RedisProcess> StartAsync(string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var port = FreePort.Next();
        return new RedisProcess(folder, port, await LaunchAsync(folder, port, cancellationToken));
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => process.KillAsync();

    /// <summary>Comes back with what is on disk.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        await process.DisposeAsync();
        process = await LaunchAsync(folder, port, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => process.DisposeAsync();

    private static async Task<ChildProcess> LaunchAsync(string folder, int port, CancellationToken cancellationToken)
    {
        var info = new ProcessStartInfo("redis-server",
        [
            "--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes",
            "--appendfsync", "always", "--save", "", "--daemonize", "no", "--logfile", "", "--loglevel", "notice",
        ]);
        ChildProcess process;
        try
        {
            process = new ChildProcess(info);
        }
        catch (Win32Exception e)
        {
            throw new FewShotException(
                FewShotErrorCode.InvalidArgument, "redis-server is not installed: install it (Debian: apt install redis-server) or choose --store sqlite", inner: e);
        }
        try
        {
            await process.AwaitLineAsync(
                line => line.Contains("Ready to accept connections", StringComparison.OrdinalIgnoreCase) ? line : null, Patience, cancellationToken);
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }
}
