using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FewShotCluster.Cluster.Tests.Processes;

/// <summary>What goes wrong with one answer of a <see cref="FileServer"/>.</summary>
internal enum Fault
{
    /// <summary>Nothing: the whole file, or the part that was asked for.</summary>
    None,

    /// <summary>The connection is reset in the middle of the file.</summary>
    Drop,

    /// <summary>The connection ends in good order in the middle of the file.</summary>
    Truncate,

    /// <summary>Nothing comes after the middle of the file, and the connection stays open.</summary>
    Stall,

    /// <summary>One bit is wrong.</summary>
    Corrupt,

    /// <summary>Ranges are not known here.</summary>
    IgnoreRange,

    /// <summary>A part comes, but not the asked one.</summary>
    OtherPart,

    /// <summary>404</summary>
    NotFound,

    /// <summary>503</summary>
    Busy,
}

/// <summary>A loopback HTTP server of a few files that fails as told, one <see cref="Fault"/> a request, and works after that.</summary>
internal sealed class FileServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<string> requests = new();
    private readonly Task serving;

    public FileServer()
    {
        listener.Start();
        serving = ServeAsync();
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

    /// <summary>Contents by the ends of the paths they are served under; another path is not found.</summary>
    public ConcurrentDictionary<string, byte[]> Files { get; } = new();

    public ConcurrentQueue<Fault> Faults { get; } = new();

    /// <summary>The version of all files; null: answers tell none.</summary>
    public string? ETag { get; set; } = "\"1\"";

    /// <summary>Request lines with the asked range, if any: <c>GET /a from 10</c>.</summary>
    public IReadOnlyList<string> Requests => [.. requests];

    /// <summary>From now on nobody answers.</summary>
    public void StopListening() => listener.Stop();

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await serving;
        stop.Dispose();
    }

    private async Task ServeAsync()
    {
        var answers = new List<Task>();
        try
        {
            while (true) answers.Add(ServeAsync(await listener.AcceptTcpClientAsync(stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(answers);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        try
        {
            await AnswerAsync(client);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client has what it wanted and left, or the server ends.
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        var head = new List<string>();
        while (await reader.ReadLineAsync(stop.Token) is { Length: > 0 } line) head.Add(line);
        if (head.Count == 0) return;
        var from = Header("Range: bytes=") is { } range ? long.Parse(range.TrimEnd('-'), CultureInfo.InvariantCulture) : 0;
        var path = head[0].Split(' ')[1];
        requests.Enqueue($"GET {path}{(from > 0 ? $" from {from}" : "")}");

        var fault = Faults.TryDequeue(out var next) ? next : Fault.None;
        var file = Files.FirstOrDefault(f => path.EndsWith(f.Key, StringComparison.Ordinal)).Value;
        if (file is null || fault is Fault.NotFound or Fault.Busy)
        {
            await SendAsync(fault == Fault.Busy ? "503 Busy" : "404 Not Found", "Content-Length: 0", [], cut: false);
            return;
        }
        if (fault == Fault.IgnoreRange || Header("If-Range: ") != ETag) from = 0;
        if (from >= file.Length)
        {
            await SendAsync("416 Past the End", $"Content-Range: bytes */{file.Length}\r\nContent-Length: 0", [], cut: false);
            return;
        }
        if (fault == Fault.OtherPart) from++;
        var body = file[(int)from..];
        if (fault == Fault.Corrupt) body[^1] ^= 1;
        var part = from > 0 ? $"\r\nContent-Range: bytes {from}-{file.Length - 1}/{file.Length}" : "";
        var cut = fault is Fault.Drop or Fault.Truncate or Fault.Stall;
        await SendAsync(from > 0 ? "206 Partial Content" : "200 OK", $"Content-Length: {body.Length}{part}", body, cut);
        if (fault == Fault.Drop) client.LingerState = new LingerOption(true, 0);
        if (fault != Fault.Stall) return;
        // Until the client gives up or the server ends.
        await stream.ReadExactlyAsync(new byte[1], stop.Token);

        string? Header(string start) => head.FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal))?[start.Length..];

        async Task SendAsync(string status, string headers, byte[] content, bool cut)
        {
            var version = ETag is null ? "" : $"\r\nETag: {ETag}";
            var start = $"HTTP/1.1 {status}\r\n{headers}{version}\r\nConnection: close\r\n\r\n";
            await stream.WriteAsync(Encoding.ASCII.GetBytes(start), stop.Token);
            await stream.WriteAsync(content.AsMemory(0, cut ? content.Length / 2 : content.Length), stop.Token);
        }
    }
}
