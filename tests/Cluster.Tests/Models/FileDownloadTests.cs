using FewShotCluster.Cluster.Tests.Processes;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Silo.Commands.Downloads;
using FewShotCluster.Vision.Numerics;

namespace FewShotCluster.Cluster.Tests.Models;

/// <summary>Downloads over connections and from servers that fail, on real sockets.</summary>
public sealed class FileDownloadTests : IAsyncDisposable
{
    private static readonly DownloadLimits Limits = new(Retries: 3, TimeSpan.FromSeconds(60), FirstDelay: TimeSpan.FromMilliseconds(1));
    private static readonly byte[] Content = Bytes(300_000, seed: 1);
    private readonly TemporaryFolder folder = new();
    private readonly FileServer server = new();
    private readonly HttpClient http = new() { Timeout = Timeout.InfiniteTimeSpan };

    public FileDownloadTests() => server.Files["/file"] = Content;

    private PartialFile Part => new(folder["file"]);

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await server.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task AWholeFileAtOnce()
    {
        var shares = new List<double>();
        await RunAsync(shares.Add);
        await Complete(["GET /file"]);
        Assert.Equal(shares.Order(), shares);
        Assert.Equal(1, shares[^1]);
        Part.Keep();
        Assert.Equal([folder["file"]], Directory.GetFiles(Path.GetDirectoryName(folder["file"])!));
    }

    [Fact]
    public async Task AnEndedConnectionIsGoneOnWith()
    {
        server.Faults.Enqueue(Fault.Truncate);
        server.Faults.Enqueue(Fault.Truncate);
        await RunAsync();
        await Complete(["GET /file", "GET /file from 150000", "GET /file from 225000"]);
    }

    [Fact]
    public async Task ABrokenConnectionIsGoneOnWithFromWhatArrived()
    {
        // A reset may take bytes with it that were sent.
        server.Faults.Enqueue(Fault.Drop);
        await RunAsync();
        await Complete(null);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task AStallCountsAsBroken()
    {
        server.Faults.Enqueue(Fault.Stall);
        await RunAsync(limits: Limits with { Stall = TimeSpan.FromMilliseconds(200) });
        Assert.Equal(Content, await File.ReadAllBytesAsync(Part.Path));
        Assert.Contains("GET /file from 150000", server.Requests);
    }

    [Fact]
    public async Task ABusyServerIsAskedAgain()
    {
        server.Faults.Enqueue(Fault.Busy);
        server.Faults.Enqueue(Fault.Busy);
        await RunAsync();
        await Complete(["GET /file", "GET /file", "GET /file"]);
    }

    [Theory]
    [InlineData((int)Fault.IgnoreRange)]
    [InlineData((int)Fault.OtherPart)]
    public async Task AServerThatDoesNotGoOnIsReadFromTheStart(int fault)
    {
        server.Faults.Enqueue(Fault.Truncate);
        server.Faults.Enqueue((Fault)fault);
        await RunAsync();
        await Complete(null);
        Assert.Equal("GET /file from 150000", server.Requests[1]);
    }

    [Fact]
    public async Task AnotherVersionIsNotMixedIn()
    {
        await HalfAsync();
        (server.ETag, server.Files["/file"]) = ("\"2\"", Bytes(200_000, seed: 2));
        await RunAsync();
        Assert.Equal(server.Files["/file"], await File.ReadAllBytesAsync(Part.Path));
        Assert.Equal("\"2\"", Part.Version);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("W/\"1\"")]
    public async Task BytesOfAnUnknownVersionAreNotGoneOnWith(string? version)
    {
        server.ETag = version;
        server.Faults.Enqueue(Fault.Truncate);
        await RunAsync();
        await Complete(["GET /file", "GET /file"]);
    }

    [Fact]
    public async Task ACompletePartNeedsNothing()
    {
        await RunAsync();
        await RunAsync();
        await Complete(["GET /file", "GET /file from 300000"]);
    }

    [Fact]
    public async Task APartLongerThanItsSourceIsThrownAway()
    {
        await RunAsync();
        await File.AppendAllTextAsync(Part.Path, "more");
        await RunAsync();
        await Complete(["GET /file", "GET /file from 300004", "GET /file"]);
    }

    [Fact]
    public async Task AFileThatIsNotThereIsSaidAtOnce()
    {
        server.Faults.Enqueue(Fault.NotFound);
        var error = await FailsAsync(FewShotErrorCode.ModelUnavailable);
        Assert.Contains($"{server.Url}/file: ", error.Message);
        Assert.Contains("404", error.Message);
        Assert.Contains("models import", error.Message);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task ASourceThatNeverGetsFurtherIsGivenUp()
    {
        // Restarted each time and cut at the same byte: only the first attempt brings something.
        server.ETag = null;
        for (var i = 0; i < 10; i++) server.Faults.Enqueue(Fault.Truncate);
        await FailsAsync(FewShotErrorCode.ModelUnavailable);
        Assert.Equal(1 + Limits.Retries + 1, server.Requests.Count);
        Assert.Equal(150_000, Part.Length);
    }

    [Fact]
    public async Task ASourceThatBringsALittleEachTimeIsNotGivenUp()
    {
        for (var i = 0; i < 10; i++) server.Faults.Enqueue(Fault.Truncate);
        await RunAsync(limits: Limits with { Retries = 0 });
        await Complete(null);
        Assert.Equal(11, server.Requests.Count);
    }

    [Fact]
    public async Task NobodyAnswers()
    {
        await using var gone = new FileServer();
        var address = new Uri(gone.Url + "/file");
        gone.StopListening();
        var error = await Assert.ThrowsAsync<FewShotException>(() => RunAsync(source: address));
        Assert.Equal(FewShotErrorCode.ModelUnavailable, error.Code);
        Assert.Contains($"{address}: ", error.Message);
    }

    [Fact]
    public async Task AnInterruptedDownloadGoesOnInAnotherProcess()
    {
        await HalfAsync();
        Assert.Equal(150_000, Part.Length);
        await RunAsync();
        await Complete(["GET /file", "GET /file from 150000"]);
    }

    [Fact]
    public async Task AFullDiskIsNamed()
    {
        if (!File.Exists("/dev/full")) Assert.Skip("needs /dev/full");
        File.CreateSymbolicLink(Part.Path, "/dev/full");
        var error = await FailsAsync(FewShotErrorCode.StorageUnavailable);
        Assert.Contains(Part.Path, error.Message);
        Assert.Single(server.Requests);
    }

    private static byte[] Bytes(int count, ulong seed)
    {
        var random = new SplitMix64(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (byte)random.Next())];
    }

    /// <summary>A download that its user ends in the middle.</summary>
    private async Task HalfAsync()
    {
        using var cancel = new CancellationTokenSource();
        server.Faults.Enqueue(Fault.Stall);
        // The last byte before the stall makes it a half.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(
            share =>
            {
                if (share >= 0.5) cancel.Cancel();
            },
            cancellationToken: cancel.Token));
    }

    private async Task<FewShotException> FailsAsync(FewShotErrorCode code)
    {
        var error = await Assert.ThrowsAsync<FewShotException>(() => RunAsync());
        Assert.Equal(code, error.Code);
        return error;
    }

    private async Task Complete(string[]? requests)
    {
        Assert.Equal(Content, await File.ReadAllBytesAsync(Part.Path));
        if (requests is not null) Assert.Equal(requests, server.Requests);
    }

    private Task RunAsync(
        Action<double>? progress = null, DownloadLimits? limits = null, Uri? source = null,
        CancellationToken cancellationToken = default) =>
        new FileDownload(http, limits ?? Limits, TimeProvider.System).RunAsync(
            source ?? new Uri(server.Url + "/file"), Part, progress ?? (_ => { }), cancellationToken);
}
