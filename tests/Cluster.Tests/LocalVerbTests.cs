using System.Diagnostics;
using System.Text.Json;
using FewShotCluster.Cluster.Tests.Processes;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Models;
using FewShotCluster.Vision.Numerics;

namespace FewShotCluster.Cluster.Tests;

/// <summary>
/// The verbs of <c>fewshotd</c> that need no cluster, as scripts use them: real processes, .npy and JSON files, exit codes.
/// </summary>
public sealed class LocalVerbTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task PicturesBecomeTheSameRowsHoweverTheyAreBatched()
    {
        var models = Programs.DemoModels();
        var weights = Path.Combine(models, "clip-vit.safetensors");
        Directory.CreateDirectory(folder["photos"]);
        // Ordinal order: capitals first. Truncated JPEG and plain text are left out, hidden files are not looked at.
        string[] readable = ["B.jpg", "a.jpg", "a10.jpg", "a2.jpg"];
        for (var i = 0; i < readable.Length; i++) folder.Write($"photos/{readable[i]}", Pictures.Test(i));
        folder.Write("photos/Truncated.jpg", Pictures.Test(0)[..900]);
        folder.Write("photos/words.jpg", "no picture");
        folder.Write("photos/.hidden", "");

        var run = await ServerProcess.RunAsync(
            "encode", "images", "--weights", weights, "--input", folder["photos"], "--out", folder["x.npy"], "--batch", "3", "--json", "-");
        Assert.True(run.ExitCode == 1, run.Error);
        Assert.StartsWith("error: InvalidImage: 2 of 6 files left out; the first: Truncated.jpg: ", ErrorLine(run));
        var report = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(readable, report.GetProperty("files").EnumerateArray().Select(f => f.GetString()));
        Assert.Equal(
            [("Truncated.jpg", "InvalidImage"), ("words.jpg", "InvalidImage")],
            report.GetProperty("failed").EnumerateArray()
                .Select(f => (f.GetProperty("file").GetString()!, f.GetProperty("code").GetString()!)));
        Assert.True(report.GetProperty("imagesPerSecond").GetDouble() > 0 && report.GetProperty("seconds").GetDouble() > 0);
        var encoder = report.GetProperty("encoder");
        var (resolution, embed) = (encoder.GetProperty("resolution").GetInt32(), encoder.GetProperty("embed").GetInt32());
        Assert.Equal("clip", encoder.GetProperty("kind").GetString());

        var features = NpyArray.Read(folder["x.npy"]);
        Assert.Equal([readable.Length, embed], features.Shape);
        foreach (var row in features.ToSingles().Chunk(embed)) Assert.Equal(1, row.Sum(v => (double)v * v), 1e-5);

        // The same pictures by the other way: pixels of 'preprocess', normalised here, through 'encode tensors'.
        var pixels = new List<float>();
        foreach (var name in readable)
        {
            await Succeeds("preprocess", "--input", folder[$"photos/{name}"], "--out", folder["u8.npy"], "--size", $"{resolution}");
            var planes = NpyArray.Read(folder["u8.npy"]);
            Assert.Equal("|u1", planes.Descriptor);
            Assert.Equal([3, resolution, resolution], planes.Shape);
            var (mean, deviation) = (PixelNormalization.Clip.Mean, PixelNormalization.Clip.StandardDeviation);
            var plane = resolution * resolution;
            pixels.AddRange(planes.Data.Select((value, i) => (value / 255f - mean[i / plane]) / deviation[i / plane]));
        }
        NpyArray.From([.. pixels], readable.Length, 3, resolution, resolution).Write(folder["pixels.npy"]);
        await Succeeds(
            "encode", "tensors", "--weights", weights, "--input", folder["pixels.npy"], "--out", folder["y.npy"], "--threads", "1");
        Near(features, NpyArray.Read(folder["y.npy"]), 1e-5);
        await Succeeds(
            "encode", "tensors", "--weights", weights, "--input", folder["pixels.npy"],
            "--out", folder["raw.npy"], "--raw", "--batch", "1");
        var raw = NpyArray.Read(folder["raw.npy"]).ToSingles().Chunk(embed).ToList();
        Assert.DoesNotContain(raw, row => Math.Abs(Length(row) - 1) < 1e-3);
        Near(features, NpyArray.From([.. raw.SelectMany(row => row.Select(v => (float)(v / Length(row))))], readable.Length, embed), 1e-5);

        await Fails(
            "InvalidArgument", "take [N,3,", "encode", "tensors", "--weights", weights, "--input", folder["x.npy"],
            "--out", folder["z.npy"]);
        await Fails(
            "InvalidArgument", "float32", "encode", "tensors", "--weights", weights, "--input", folder["u8.npy"], "--out", folder["z.npy"]);
        await Fails(
            "InvalidImage", "1 of 1 files", "encode", "images", "--weights", weights, "--input", folder["photos/words.jpg"],
            "--out", folder["z.npy"]);
        Assert.False(File.Exists(folder["z.npy"]));
        Assert.DoesNotContain(
            Directory.GetFiles(Path.GetDirectoryName(folder["x.npy"])!), path => path.EndsWith(".tmp", StringComparison.Ordinal));

        NpyArray.From(new float[2 * 3 * 40 * 33], 2, 3, 40, 33).Write(folder["any.npy"]);
        await Succeeds(
            "encode", "tensors", "--weights", Path.Combine(models, "refiner.safetensors"), "--input", folder["any.npy"],
            "--out", folder["logits.npy"]);
        Assert.Equal(2, NpyArray.Read(folder["logits.npy"]).Shape[0]);
    }

    [Theory]
    [InlineData("--batch: allowed is 1 to 4096", "encode", "tensors", "--weights", "w", "--input", "x", "--out", "y", "--batch", "x")]
    [InlineData("--threads: allowed is 1 to 1024", "encode", "images", "--weights", "w", "--input", "x", "--out", "y", "--threads", "0.5")]
    [InlineData("--size: allowed is 1 to 4096", "preprocess", "--input", "x", "--out", "y", "--size", "1,000")]
    [InlineData("--resolution: allowed is 32 to 2048", "models", "import", "--name", "a", "--kind", "convnext", "--weights", "w",
        "--resolution", "99999999999999")]
    [InlineData("--retries: allowed is 0 to 1000", "models", "pull", "vit-b-32", "--retries", "-1")]
    [InlineData("--cases: allowed is 1 to ", "bench", "fuzz", "--cases", "many")]
    [InlineData("--seed: allowed is 0 to 16777215", "demo", "--seed", "one")]
    [InlineData("--device", "encode", "tensors", "--weights", "w", "--input", "x", "--out", "y", "--device")]
    public Task OptionsThatAreNoNumbersAreOneErrorLine(string message, params string[] args) => Fails("InvalidArgument", message, args);

    [Fact]
    public async Task TextsBecomeRowsBlankOnesToo()
    {
        var models = Programs.DemoModels();
        string[] encode =
        [
            "encode", "texts", "--weights", Path.Combine(models, "clip-vit.safetensors"), "--vocab", Path.Combine(models, "merges.txt"),
        ];
        folder.Write("texts.txt", "a photo of a dog\r\n\na photo of a dog\n");
        await Succeeds([.. encode, "--input", folder["texts.txt"], "--out", folder["t.npy"], "--batch", "2"]);
        var rows = NpyArray.Read(folder["t.npy"]);
        Assert.Equal(3, rows.Shape[0]);
        var texts = rows.ToSingles().Chunk((int)rows.Shape[1]).ToList();
        Assert.Equal(1, texts[0].Zip(texts[2], (a, b) => (double)a * b).Sum(), 1e-5);
        Assert.True(texts[0].Zip(texts[1], (a, b) => (double)a * b).Sum() < 0.999);

        // The activation, which the weights do not tell, changes the features.
        await Succeeds([.. encode, "--input", folder["texts.txt"], "--out", folder["g.npy"], "--activation", "gelu"]);
        Assert.NotEqual(rows.ToSingles(), NpyArray.Read(folder["g.npy"]).ToSingles());

        folder.Write("latin1.txt", [(byte)'n', 0xE9, (byte)'\n']);
        await Fails("InvalidArgument", "UTF-8", [.. encode, "--input", folder["latin1.txt"], "--out", folder["z.npy"]]);
    }

    [Fact]
    public async Task TokensFollowTheMergesOfTheFile()
    {
        // Ids: bytes 0 to 255 and 256 to 511 at a word's end ('!' is 0), then the merges, start and end.
        const int firstMerge = 512, start = 515, end = 516;
        folder.Write("merges.txt", "#version: 0.2\nc a\nca t</w>\nd o\n");
        folder.Write("texts.txt", "Cat do!\n\n");
        await Succeeds("tokenize", "--vocab", folder["merges.txt"], "--input", folder["texts.txt"], "--out", folder["ids.npy"]);
        var ids = NpyArray.Read(folder["ids.npy"]);
        Assert.Equal("<i8", ids.Descriptor);
        Assert.Equal([2, 77], ids.Shape);
        var rows = ids.ToInt64s().Chunk(77).ToList();
        Assert.Equal([start, firstMerge + 1, 'd' - '!', 256 + 'o' - '!', 256, end, 0], rows[0][..7]);
        Assert.Equal([start, end, 0], rows[1][..3]);

        folder.Write("bad.txt", "c a\nx\n");
        await Fails(
            "ModelUnavailable", "bad.txt", "tokenize", "--vocab", folder["bad.txt"], "--input", folder["texts.txt"],
            "--out", folder["z.npy"]);
        await Fails(
            "InvalidArgument", "absent", "tokenize", "--vocab", folder["merges.txt"], "--input", folder["absent"],
            "--out", folder["z.npy"]);
    }

    [Fact]
    public async Task AnInterruptedVerbLeavesNothing()
    {
        NpyArray.From(new float[64 * 3 * 48 * 48], 64, 3, 48, 48).Write(folder["pixels.npy"]);
        Directory.CreateDirectory(folder["out"]);
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment = { ["FEWSHOT_EXIT_WITH_STDIN"] = "1" },
        };
        string[] args =
        [
            "--weights", Path.Combine(Programs.DemoModels(), "clip-vit.safetensors"), "--input", folder["pixels.npy"],
            "--out", folder["out/x.npy"],
        ];
        foreach (var argument in (string[])[Programs.Server, "encode", "tensors", .. args]) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        // The end of standard input cancels as Ctrl-C does, and works where signals are ignored; it is there before the weights are loaded.
        process.StandardInput.Close();
        await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(130, process.ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(folder["out"]));
    }

    [Fact]
    public async Task AnAbsentDeviceIsNamed()
    {
        var run = await ServerProcess.RunAsync(
            "encode", "tensors", "--weights", Path.Combine(Programs.DemoModels(), "clip-vit.safetensors"), "--input",
            Blank(folder["pixels.npy"]), "--out", folder["x.npy"], "--device", "cuda:99");
        Assert.Equal("DeviceUnavailable", Code(run, 70));

        static string Blank(string path)
        {
            NpyArray.From(new float[3 * 48 * 48], 1, 3, 48, 48).Write(path);
            return path;
        }
    }

    [Theory]
    [InlineData("InvalidArgument", "--vocab", "encode", "texts", "--weights", "w", "--input", "x", "--out", "y")]
    [InlineData("InvalidArgument", "--batch", "encode", "tensors", "--weights", "w", "--input", "x", "--out", "y", "--batch", "0")]
    [InlineData("InvalidArgument", "no such folder", "preprocess", "--input", "x", "--out", "nowhere/at/all/y")]
    [InlineData("InvalidArgument", "--name", "models", "import", "--name", "../x", "--kind", "convnext", "--weights", "w")]
    [InlineData("InvalidArgument", "--vocab", "models", "import", "--name", "x", "--kind", "clip", "--weights", "w")]
    [InlineData(
        "InvalidArgument", "--activation", "models", "import", "--name", "x", "--kind", "convnext", "--weights", "w", "--activation", "gelu")]
    [InlineData("ModelUnavailable", "manifest.json", "models", "list", "--models", "nowhere")]
    public async Task WrongArguments(string code, string message, params string[] args) => await Fails(code, message, args);

    [Fact]
    public async Task ModelsAreTakenInListedAndVerified()
    {
        var demo = Programs.DemoModels();
        string[] import =
        [
            "models", "import", "--models", folder["models"], "--kind", "clip",
            "--weights", Path.Combine(demo, "clip-vit.safetensors"), "--vocab", Path.Combine(demo, "merges.txt"),
        ];
        await Succeeds([.. import, "--name", "mine"]);
        Assert.Contains("activation gelu", (await Succeeds([.. import, "--name", "other", "--activation", "gelu"])).Output);
        await Succeeds(
            "models", "import", "--models", folder["models"], "--kind", "convnext", "--name", "dogs",
            "--weights", Path.Combine(demo, "refiner.safetensors"), "--resolution", "96");
        Assert.Equal("Conflict", Code(await ServerProcess.RunAsync([.. import, "--name", "mine"]), 5));
        await Fails("ModelUnavailable", "not a convnext", [.. import[..4], "--kind", "convnext", "--name", "third", .. import[6..8]]);

        var list = JsonDocument.Parse((await Succeeds("models", "list", "--models", folder["models"], "--json", "-")).Output).RootElement;
        Assert.Equal(
            [("mine", "clip"), ("other", "clip"), ("dogs", "convnext")],
            list.GetProperty("models").EnumerateArray()
                .Select(m => (m.GetProperty("name").GetString()!, m.GetProperty("kind").GetString()!)));
        Assert.Equal(
            [ClipActivation.QuickGelu, ClipActivation.Gelu, ClipActivation.QuickGelu],
            ModelManifest.Load(folder["models"]).Models.Select(m => m.Activation));
        Assert.Contains(
            list.GetProperty("published").EnumerateArray(),
            p => p.GetProperty("licence").GetString()!.StartsWith("CC BY-NC 4.0", StringComparison.Ordinal));

        Assert.Contains("dogs: ok", (await Succeeds("models", "verify", "--models", folder["models"])).Output);
        var damaged = Path.Combine(folder["models"], "dogs.safetensors");
        var bytes = File.ReadAllBytes(damaged);
        bytes[^1] ^= 1;
        File.WriteAllBytes(damaged, bytes);
        await Fails("ModelUnavailable", "1 of 3 models cannot be served; dogs: ", "models", "verify", "--models", folder["models"]);
    }

    private static async Task<ToolProcess> Succeeds(params string[] args)
    {
        var run = await ServerProcess.RunAsync(args);
        Assert.True(run.ExitCode == 0, $"exit {run.ExitCode}: {run.Error}");
        return run;
    }

    private static async Task Fails(string code, string message, params string[] args)
    {
        var run = await ServerProcess.RunAsync(args);
        Assert.Equal(code, Code(run, 2));
        Assert.Contains(message, ErrorLine(run));
    }

    private static string Code(ToolProcess run, int exitCode)
    {
        Assert.True(exitCode == run.ExitCode, $"exit {run.ExitCode}: {run.Error}");
        return ErrorLine(run).Split(": ")[1];
    }

    private static string ErrorLine(ToolProcess run) =>
        Assert.Single(run.Error.Split('\n'), line => line.StartsWith("error: ", StringComparison.Ordinal));

    private static double Length(float[] row) => Math.Sqrt(row.Sum(v => (double)v * v));

    private static void Near(NpyArray expected, NpyArray actual, double tolerance)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.All(expected.ToSingles().Zip(actual.ToSingles()), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }
}
