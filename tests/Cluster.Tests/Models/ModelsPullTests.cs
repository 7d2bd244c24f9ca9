using System.Diagnostics;
using System.Text.Json;
using FewShotCluster.Cluster.Tests.Processes;
using FewShotCluster.Vision.Encoders;

namespace FewShotCluster.Cluster.Tests.Models;

/// <summary>
/// <c>fewshotd models pull</c> as a process, against a loopback mirror that offers the demo's refiner as ConvNeXt-V2's weights.
/// </summary>
public sealed class ModelsPullTests : IAsyncDisposable
{
    private const string Weights = "convnextv2_base_1k_224_ema.pt";
    private readonly TemporaryFolder folder = new();
    private readonly FileServer server = new();
    private readonly byte[] content = File.ReadAllBytes(Path.Combine(Programs.DemoModels(), "refiner.safetensors"));

    public ModelsPullTests() => server.Files["/convnext/convnextv2/im1k/" + Weights] = content;

    private string Folder => folder["models"];

    private string[] ConvNeXt => ["models", "pull", "convnextv2-base", "--models", Folder, "--accept-licence", "--from", server.Url];

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task AnUnknownNameIsAnsweredWithTheKnownOnes()
    {
        var run = await Fails(2, "InvalidArgument", "models", "pull", "clip-vit-b32", "clip", "--models", Folder, "--from", server.Url);
        Assert.Contains("'clip'", run.Error);
        foreach (var name in new[] { "clip-vit-b32", "clip-rn101", "convnextv2-base" }) Assert.Contains(name, run.Error);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task ARestrictiveLicenceNeedsAcceptance()
    {
        var run = await Fails(2, "InvalidArgument", [.. ConvNeXt.Where(a => a != "--accept-licence")]);
        Assert.Contains("CC BY-NC 4.0", run.Error);
        Assert.Contains("--accept-licence", run.Error);
        Assert.Empty(server.Requests);
        Assert.False(Directory.Exists(Folder));
    }

    [Fact]
    public async Task APulledModelIsServedAsItCameTheFirstTime()
    {
        server.Faults.Enqueue(Fault.Truncate);
        var run = await Succeeds(ConvNeXt);
        Assert.Contains("licence CC BY-NC 4.0", run.Output);
        Assert.Contains("convnextv2-base is now in ", run.Output);
        Assert.Equal(2, server.Requests.Count);
        Assert.EndsWith($"{Weights} from {content.Length / 2}", server.Requests[1]);
        var entry = Assert.Single(ModelManifest.Load(Folder).Models);
        Assert.Equal(("convnextv2-base", Weights, 384), (entry.Name, entry.Weights, entry.Resolution));
        Assert.Equal(FileDigest.Sha256(Path.Combine(Programs.DemoModels(), "refiner.safetensors")), entry.Sha256);

        Assert.Contains("convnextv2-base was already in ", (await Succeeds([.. ConvNeXt.Where(a => a != "--accept-licence")])).Output);
        Assert.Equal(2, server.Requests.Count);

        // A node needs a CLIP too, whose published digests no test can meet.
        var demo = Programs.DemoModels();
        await Succeeds(
            "models", "import", "--name", "vit", "--kind", "clip", "--weights", Path.Combine(demo, "clip-vit.safetensors"),
            "--vocab", Path.Combine(demo, "merges.txt"), "--models", Folder);
        await using var node = await ServerProcess.StartAsync(folder["data"], "--models", Folder);
        Assert.EndsWith("encoders=vit,convnextv2-base", node.ReadyLine);
    }

    [Fact]
    public async Task AFileThatIsNotThePublishedOneIsRefused()
    {
        server.Files["/clip/bpe_simple_vocab_16e6.txt.gz"] = "c a\n"u8.ToArray();
        var run = await Fails(2, "ModelUnavailable", "models", "pull", "clip-rn101", "--models", Folder, "--from", server.Url);
        Assert.Contains("924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a", run.Error);
        Assert.Equal([".import.lock"], Directory.GetFiles(Folder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task OneFailureLeavesTheOthersInPlace()
    {
        var run = await Fails(
            1, "ModelUnavailable", [.. ConvNeXt[..2], "clip-rn50", .. ConvNeXt[2..], "--retries", "0"]);
        Assert.Contains("clip-rn50: ", run.Error);
        Assert.Contains("404", run.Error);
        Assert.Equal("convnextv2-base", Assert.Single(ModelManifest.Load(Folder).Models).Name);
    }

    [Fact]
    public async Task AnInterruptedPullGoesOnAtTheNext()
    {
        server.Faults.Enqueue(Fault.Stall);
        Directory.CreateDirectory(Folder);
        using var watcher = new FileSystemWatcher(Folder, "*.part") { EnableRaisingEvents = true };
        var half = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        watcher.Changed += (_, e) =>
        {
            if (new FileInfo(e.FullPath).Length == content.Length / 2) half.TrySetResult();
        };
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment = { ["FEWSHOT_EXIT_WITH_STDIN"] = "1" },
        };
        foreach (var argument in (string[])[Programs.Server, .. ConvNeXt]) start.ArgumentList.Add(argument);
        using (var process = Process.Start(start)!)
        {
            await half.Task.WaitAsync(TestContext.Current.CancellationToken);
            // As Ctrl-C does.
            process.StandardInput.Close();
            await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(130, process.ExitCode);
        }
        Assert.False(File.Exists(Path.Combine(Folder, Weights)));

        await Succeeds(ConvNeXt);
        Assert.EndsWith($"{Weights} from {content.Length / 2}", server.Requests[1]);
        Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(Folder, Weights)));
    }

    [Fact]
    public async Task AProxyIsUsed()
    {
        var run = await Succeeds([.. ConvNeXt[..^1], "http://mirror.invalid/models", "--proxy", server.Url]);
        Assert.Contains("convnextv2-base is now in ", run.Output);
        Assert.Equal($"GET http://mirror.invalid/models/convnext/convnextv2/im1k/{Weights}", Assert.Single(server.Requests));
    }

    [Fact]
    public async Task AFolderThatCannotBeMadeIsNamed()
    {
        folder.Write("models", "a file");
        Assert.Contains("models", (await Fails(2, "InvalidArgument", ConvNeXt)).Error);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task TheCatalogueIsListed()
    {
        var run = await Succeeds("models", "list", "--models", Programs.DemoModels(), "--json", "-");
        var published = JsonDocument.Parse(run.Output).RootElement.GetProperty("published").EnumerateArray().ToList();
        var vit = published.Single(p => p.GetProperty("name").GetString() == "clip-vit-b32");
        var digest = vit.GetProperty("sha256").GetString();
        Assert.Equal("40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af", digest);
        Assert.EndsWith($"/{digest}/ViT-B-32.pt", vit.GetProperty("url").GetString());
        Assert.Equal("MIT", vit.GetProperty("licence").GetString());
        Assert.Equal("quickGelu", vit.GetProperty("activation").GetString());
    }

    private static async Task<ToolProcess> Succeeds(params string[] args)
    {
        var run = await ServerProcess.RunAsync(args);
        Assert.True(run.ExitCode == 0, $"exit {run.ExitCode}: {run.Error}");
        return run;
    }

    private static async Task<ToolProcess> Fails(int exit, string code, params string[] args)
    {
        var run = await ServerProcess.RunAsync(args);
        Assert.True(exit == run.ExitCode, $"exit {run.ExitCode}: {run.Error}");
        Assert.Single(run.Error.Split('\n'), line => line.StartsWith($"error: {code}: ", StringComparison.Ordinal));
        return run;
    }
}
