using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace FewShotCluster.TestSupport;

/// <summary>
/// A real redis-server on a free port, with its files in a folder of its own. It ends with this process: its shell waits on our pipe.
/// </summary>
public sealed class RedisProcess : IAsyncDisposable
{
    private const string Program = "redis-server";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fewshot-redis-");
    private readonly bool _durable;
    private readonly int _port;
    private Process? _shell;
    private int _server;

    private RedisProcess(bool durable) => (_durable, _port) = (durable, FreePort());

    /// <summary>Where it listens.</summary>
    public string Address => $"127.0.0.1:{_port}";

    /// <summary>Starts a server; skips the test where the program is missing.</summary>
    /// <param name="durable">Whether it syncs each write before it answers, or keeps everything in memory alone.</param>
    public static async Task<RedisProcess> StartAsync(bool durable = true)
    {
        if (!Installed()) Xunit.Assert.Skip($"{Program} is not installed (Debian: apt-get install redis-server)");
        var redis = new RedisProcess(durable);
        await redis.RestartAsync();
        return redis;
    }

    /// <summary>Whether the program is on the path.</summary>
    public static bool Installed() => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, Program)));

    /// <summary>Starts it again on the same port and files, and waits until it serves.</summary>
    public async Task RestartAsync()
    {
        var persistence = _durable ? "--appendonly yes --appendfsync always" : "--appendonly no";
        var command = $"{Program} --port {_port} --bind 127.0.0.1 --dir '{_folder.FullName}' --save '' {persistence} & echo pid $!; cat > /dev/null; kill -9 $!; wait 2> /dev/null";
        _shell = Process.Start(new ProcessStartInfo("sh")
        {
            ArgumentList = { "-c", command },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var said = new List<string>();
        using var limit = new CancellationTokenSource(Patience);
        while (await _shell.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            said.Add(line);
            if (line.StartsWith("pid ", StringComparison.Ordinal)) _server = int.Parse(line.AsSpan(4), CultureInfo.InvariantCulture);
            if (line.Contains("Ready to accept connections", StringComparison.Ordinal) && _server != 0)
            {
                // Read on: a full pipe would stop it.
                _ = _shell.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
                return;
            }
        }
        throw new InvalidOperationException($"{Program} did not start: {string.Join('\n', said)}");
    }

    /// <summary>SIGKILL: nothing is flushed, nothing is said.</summary>
    public async Task KillAsync()
    {
        if (_shell is not { } shell) return;
        _shell = null;
        _server = 0;
        shell.StandardInput.Close();
        using var limit = new CancellationTokenSource(Patience);
        await shell.WaitForExitAsync(limit.Token);
        shell.Dispose();
    }

    /// <summary>SIGSTOP: connections stay, nothing is answered.</summary>
    public Task FreezeAsync() => SignalAsync("STOP");

    /// <summary>SIGCONT.</summary>
    public Task ThawAsync() => SignalAsync("CONT");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _folder.Delete(recursive: true);
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _server.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
