using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json;
using FewShotCluster.Cluster.Tests.Processes;
using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Numerics;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Cluster.Tests;

/// <summary><c>fewshotd adapt</c> as scripts use it, against what the authors' code made of the same arrays.</summary>
public sealed class AdaptVerbTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task InmapLearnsTheAuthorsProxiesAndTheSeeds()
    {
        string[] inmap =
        [
            "adapt", "inmap", "--features", Golden("features"), "--text", Transposed("text"), "--labels", Golden("labels"), "--out",
            folder["w.npy"],
        ];
        var report = await Succeeds([.. inmap, "--iterations", "20"]);
        Near(Transpose(Read("inmap.it20.sinkhorn.W.f32")), NpyArray.Read(folder["w.npy"]), 1e-4);
        Assert.Equal(0.9375, Number(report, "accuracy"), 1e-9); // both printed by the authors' code
        Assert.Equal(0.9083333333333333, Number(report, "textAccuracy"), 1e-9);
        Assert.Equal((240, 12, 32), (Number(report, "images"), Number(report, "classes"), Number(report, "dimension")));
        Assert.Equal((1, true), (Number(report, "coverage"), report.GetProperty("serve").GetBoolean()));
        Assert.Contains("vision proxies: 240 unlabelled images", report.GetProperty("gate").GetString());
        Assert.Equal(["load", "gate", "prepare", "text", "sinkhorn", "descent", "score"], Stages(report));
        Assert.Equal(0.04, Number(report.GetProperty("settings"), "tauImage"));

        // On from there, with the step size that belongs to it.
        var rate = Number(report, "learningRate");
        File.Copy(folder["w.npy"], folder["start.npy"]);
        report = await Succeeds([.. inmap, "--iterations", "1", "--init", folder["start.npy"], "--init-lr", $"{rate}"]);
        Assert.Equal(rate, Number(report.GetProperty("settings"), "lr"));
        Near(NpyArray.Read(folder["start.npy"]), NpyArray.Read(folder["w.npy"]), 0.05);

        report = await Succeeds([.. inmap, "--preset", "seed"]);
        Near(Transpose(Read("seed_inmap.aliased.W2.f32")), NpyArray.Read(folder["w.npy"]), 1e-4);
        Assert.Equal(5, Number(report, "learningRate"));
    }

    [Fact]
    public async Task OnZetaTakesTheRowsInTheirOrder()
    {
        var order = Read("onzeta.order").ToInt64s();
        var (features, labels) = (Rows("features", order), order.Select(row => Read("labels").ToInt64s()[row]).ToArray());
        NpyArray.From([.. features.SelectMany(row => row)], features.Length, features[0].Length).Write(folder["x.npy"]);
        NpyArray.From(labels).Write(folder["y.npy"]);
        var report = await Succeeds(
            "adapt", "onzeta", "--features", folder["x.npy"], "--text", Transposed("text"), "--labels", folder["y.npy"],
            "--out", folder["w.npy"]);
        Near(Transpose(Read("onzeta.w.f64")), NpyArray.Read(folder["w.npy"]), 1e-6);
        var answers = Read("onzeta.combo_argmax.f64").ToInt64s();
        Assert.Equal(answers.Zip(labels).Count(p => p.First == p.Second) / (double)labels.Length, Number(report, "accuracy"), 1e-9);
        Assert.Equal(0.9083333333333333, Number(report, "textAccuracy"), 1e-9);
        Assert.InRange(Number(report, "textLabelAccuracy"), 0.5, 1);
        Assert.Equal(240, Number(report.GetProperty("settings"), "expected"));
    }

    [Fact]
    public async Task GaussianClassesComeInAnArchiveThatScoresAsTheReportSays()
    {
        var report = await Succeeds(
            [.. Probe("gda.train_index"), .. Test("gda.test_index"), "--preset", "gda", "--out", folder["p.npz"]]);
        var (w, b, alpha) = (Unpack("W.npy"), Unpack("b.npy"), Unpack("alpha.npy"));
        Near(Transpose(Read("gda.W.f32")), w, 1e-3);
        Near(Read("gda.b.f32"), b, 1e-3);
        Assert.All(alpha.ToDoubles(), value => Assert.Equal(100, value));

        var (weights, texts) = (w.ToDoubles().Chunk(32).ToArray(), NpyArray.Read(Transposed("text")).ToDoubles().Chunk(32).ToArray());
        var (images, labels) = (NpyArray.Read(folder["test.npy"]).ToDoubles().Chunk(32), NpyArray.Read(folder["test-y.npy"]).ToInt64s());
        var right = images.Zip(labels).Count(pair =>
        {
            var length = Math.Sqrt(Dot(pair.First, pair.First));
            var logits = Enumerable.Range(0, weights.Length)
                .Select(k => Dot(pair.First, weights[k]) / length + b.ToDoubles()[k] + 100 * Dot(pair.First, texts[k]) / length);
            return logits.Index().MaxBy(logit => logit.Item).Index == pair.Second;
        });
        Assert.Equal(right / (double)labels.Length, Number(report, "accuracy"), 1e-9);
        Assert.Equal("test", report.GetProperty("accuracyOn").GetString());

        NpyArray Unpack(string name)
        {
            using var archive = ZipFile.OpenRead(folder["p.npz"]);
            var entry = archive.GetEntry(name)!;
            Assert.Equal(entry.Length, entry.CompressedLength); // stored
            using var stream = entry.Open();
            return NpyArray.Read(stream, name);
        }
    }

    [Fact]
    public async Task CrossValidationChoosesTheEpochAndTheTemperature()
    {
        string[] probe = [.. Probe("lppp.train_index"), "--epochs", "60", "--out", folder["probe"]];
        var report = await Succeeds([.. probe, .. Test("lppp.test_index"), "--cross-validate"]);
        Assert.Equal([12, 32], NpyArray.Read(folder["probe/W.npy"]).Shape);
        Assert.Equal([12], NpyArray.Read(folder["probe/b.npy"]).Shape);
        var alpha = NpyArray.Read(folder["probe/alpha.npy"]).ToDoubles();
        Assert.Equal(alpha.Average(), Number(report.GetProperty("alpha"), "mean"), 1e-6);
        Assert.Equal(alpha.Max(), Number(report.GetProperty("alpha"), "max"), 1e-6);
        Assert.InRange(Number(report, "accuracy"), 0.8, 1);
        Assert.InRange(Number(report, "epoch"), 10, 60);
        Assert.InRange(Number(report, "ece"), 0, 0.5);
        Assert.True(Number(report, "temperature") > 0 && Number(report, "stepSize") > 0 && Number(report, "alphaStepSize") > 0);
        Assert.Equal(["load", "prepare", "crossValidation", "temperature", "fit", "score"], Stages(report));

        report = await Succeeds(probe);
        Assert.Equal(60, Number(report, "epoch"));
        Assert.Equal("training", report.GetProperty("accuracyOn").GetString());
        Assert.False(report.TryGetProperty("temperature", out _) || report.TryGetProperty("ece", out _));
    }

    [Theory]
    [InlineData("iid")]
    [InlineData("sorted")]
    public async Task AStreamIsServedNoWorseThanByText(string order)
    {
        var stream = Stream(perClass: 60);
        var report = await Succeeds([.. stream, "--order", order, "--present", "0.5", "--add-names-at", "0.5", "--iterations", "10"]);
        var checkpoints = report.GetProperty("checkpoints").EnumerateArray().ToList();
        Assert.Equal(20, checkpoints.Count);
        Assert.All(
            checkpoints.Where(c => Number(c, "images") > 200),
            c => Assert.True(Number(c, "accuracy") >= Number(c, "textAccuracy") - 0.01, $"{report}"));
        Assert.Equal((600, 20), (Number(report, "images"), Number(report, "classes")));
        Assert.Equal(Number(checkpoints[^1], "accuracy"), Number(report, "accuracy"));
        Assert.Equal(4, Number(report.GetProperty("settings"), "addedNames"));
        Assert.All(report.GetProperty("refits").EnumerateArray(), refit => Assert.NotEmpty(refit.GetProperty("reason").GetString()!));
        Assert.Equal(["load", "stream"], Stages(report));
    }

    [Fact]
    public async Task AStreamFollowsFromItsSeedAndLearns()
    {
        var stream = Stream(perClass: 60);
        var (one, same, other) = (await Succeeds(stream), await Succeeds(stream), await Succeeds([.. stream, "--seed", "2"]));
        Assert.Equal($"{one.GetProperty("checkpoints")}", $"{same.GetProperty("checkpoints")}");
        Assert.NotEqual($"{one.GetProperty("checkpoints")}", $"{other.GetProperty("checkpoints")}");
        Assert.Contains(one.GetProperty("refits").EnumerateArray(), refit => refit.GetProperty("published").GetBoolean());
        await Fails("--present: allowed is a number above 0", [.. stream, "--present", "0"]);
        await Fails("--added-names goes with --add-names-at only", [.. stream, "--added-names", "3"]);
        await Fails("--added-names 20: ", [.. stream, "--add-names-at", "0.5", "--added-names", "20"]);
    }

    [Fact]
    public async Task UnusableInputIsNamedAndNothingIsWritten()
    {
        string[] inmap = ["adapt", "inmap", "--features", Golden("features"), "--text", Transposed("text"), "--out", folder["z.npy"]];
        NpyArray.From([.. new long[239], 12]).Write(folder["y.npy"]);
        await Fails("row 239 has label 12; the 12 classes", [.. inmap, "--labels", folder["y.npy"]]);
        await Fails("--init and --init-lr go together", [.. inmap, "--init", Transposed("text")]);
        await Fails("--iterations: allowed is 1 to", [.. inmap, "--iterations", "some"]);
        NpyArray.From([.. Enumerable.Repeat(1f, 32), .. new float[32]], 2, 32).Write(folder["x.npy"]);
        await Fails("x.npy: features: row 1", "adapt", "onzeta", "--features", folder["x.npy"], "--text", Transposed("text"));
        Assert.False(File.Exists(folder["z.npy"]));
    }

    [Fact]
    public async Task AnInterruptedFitLeavesNothing()
    {
        Directory.CreateDirectory(folder["out"]);
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment = { ["FEWSHOT_EXIT_WITH_STDIN"] = "1" },
        };
        string[] args =
        [
            Programs.Server, "adapt", "inmap", "--features", Golden("features"), "--text", Transposed("text"), "--iterations", "1000000",
            "--out", folder["out/w.npy"],
        ];
        foreach (var argument in args) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        // In the middle of the fit: the line that tells the end of the step before it has come.
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            if (line.Contains("sinkhorn", StringComparison.Ordinal)) break;
        process.StandardInput.Close();
        await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(130, process.ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(folder["out"]));
    }

    private string[] Stream(int perClass)
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 1, classes: 20, size: 64, textNoise: 0.9, pairDistance: 1.2);
        var images = world.DrawEven(perClass);
        Write(images.Features, folder["x.npy"]);
        Write(world.Text.t().contiguous(), folder["t.npy"]);
        NpyArray.From(images.Labels.data<long>().ToArray()).Write(folder["y.npy"]);
        return ["adapt", "stream", "--features", folder["x.npy"], "--labels", folder["y.npy"], "--text", folder["t.npy"]];

        static void Write(Tensor matrix, string path) => NpyArray.From(matrix.data<double>().ToArray(), matrix.shape).Write(path);
    }

    private string[] Probe(string rows)
    {
        WriteSet(rows, "train");
        return
        [
            "adapt", "probe", "--features", folder["train.npy"], "--labels", folder["train-y.npy"], "--text", Transposed("text"),
        ];
    }

    private string[] Test(string rows)
    {
        WriteSet(rows, "test");
        return ["--test-features", folder["test.npy"], "--test-labels", folder["test-y.npy"]];
    }

    private void WriteSet(string index, string name)
    {
        var (rows, labels) = (Read(index).ToInt64s(), Read("labels").ToInt64s());
        var features = Rows("features", rows).SelectMany(row => row).Select(value => (float)value);
        NpyArray.From([.. features], rows.Length, 32).Write(folder[$"{name}.npy"]);
        NpyArray.From([.. rows.Select(row => labels[row])]).Write(folder[$"{name}-y.npy"]);
    }

    private string Transposed(string golden)
    {
        Transpose(Read(golden)).Write(folder[$"{golden}.t.npy"]);
        return folder[$"{golden}.t.npy"];
    }

    private async Task<JsonElement> Succeeds(params string[] args)
    {
        var run = await ServerProcess.RunAsync([.. args, "--json", folder["report.json"]]);
        Assert.True(run.ExitCode == 0, $"exit {run.ExitCode}: {run.Error}");
        return JsonDocument.Parse(File.ReadAllBytes(folder["report.json"])).RootElement;
    }

    private static async Task Fails(string message, params string[] args)
    {
        var run = await ServerProcess.RunAsync(args);
        Assert.Equal(2, run.ExitCode);
        var line = Assert.Single(run.Error.Split('\n'), line => line.StartsWith("error: InvalidArgument: ", StringComparison.Ordinal));
        Assert.Contains(message, line);
    }

    private static string Golden(string name) => ReferenceData.Reference("algorithms", "small", $"{name}.npy");

    private static NpyArray Read(string golden) => NpyArray.Read(Golden(golden));

    private static double[][] Rows(string golden, IEnumerable<long> rows)
    {
        var all = Read(golden);
        var chunks = all.ToDoubles().Chunk((int)all.Shape[1]).ToArray();
        return [.. rows.Select(row => chunks[row])];
    }

    private static NpyArray Transpose(NpyArray matrix)
    {
        var (rows, columns, values) = ((int)matrix.Shape[0], (int)matrix.Shape[1], matrix.ToSingles());
        return NpyArray.From([.. Enumerable.Range(0, values.Length).Select(i => values[i % rows * columns + i / rows])], columns, rows);
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static double Number(JsonElement report, string name) => report.GetProperty(name).GetDouble();

    private static IEnumerable<string> Stages(JsonElement report) =>
        report.GetProperty("seconds").EnumerateObject().Select(stage => stage.Name);

    /// <summary>Fails where |actual - expected| exceeds tolerance (1 + |expected|).</summary>
    private static void Near(NpyArray expected, NpyArray actual, double tolerance)
    {
        Assert.Equal("<f4", actual.Descriptor);
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.All(
            expected.ToDoubles().Zip(actual.ToDoubles()),
            pair => Assert.Equal(pair.First, pair.Second, tolerance * (1 + Math.Abs(pair.First))));
    }
}
