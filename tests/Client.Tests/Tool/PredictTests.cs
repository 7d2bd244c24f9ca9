using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client.Tests.Tool;

/// <summary><c>fewshot predict</c> over the real SDK; what is on a photo is its first byte.</summary>
public sealed class PredictTests : IDisposable
{
    private readonly TemporaryFolder images = new();
    private readonly TemporaryFolder results = new();
    private readonly FakeCluster cluster = new() { OnStartFit = () => Fit(FitState.Published, 9, "InMaP of 40 unlabelled images") };
    private readonly ToolRunner tool;

    public PredictTests()
    {
        cluster.OnClassify = (request, _) => Task.FromResult(Answer(request));
        tool = new ToolRunner(() => cluster.Client(options => options.MaxRetries = 0), cluster.Time);
    }

    public void Dispose()
    {
        images.Dispose();
        results.Dispose();
    }

    private string Result => Path.Combine(results.FullName, "result.txt");

    private string[] Command(params string[] more) => ["predict", "pets", "--images", images.FullName, "--out", Result, .. more];

    private Task<int> Run(params string[] more) => tool.RunAsync(Command(more));

    private static FitStatus Fit(FitState state, long version = 0, string reason = "because") =>
        new(FitKind.Proxies, state, 1, version, reason, 1);

    // Ids as a user may have them: neither positions nor in order.
    private static ClassificationAnswer Answer(ClassifyRequest request) => FakeCluster.Answer with
    {
        Version = Math.Max(8, request.MinimumVersion),
        Stage = (CascadeStage)(request.Image[0] % 4),
        Top = [.. new[] { 250 + request.Image[0], 7, 403, 0, 12, 99 }.Take(request.Top).Select(id => new RankedClass(id, $"c{id}", 0, 0))],
    };

    private void Photos(params string[] names)
    {
        for (var i = 0; i < names.Length; i++) images.Write(names[i], [(byte)i]);
    }

    [Fact]
    public async Task TheSeedsRunWritesALineAPhotoInOrdinalOrderWithTheUsersIds()
    {
        Photos("b.jpg", "a 1.jpg", "10.jpg", "2.jpg", "柴犬.jpg", ".hidden");
        Directory.CreateDirectory(Path.Combine(images.FullName, "subfolder"));
        cluster.OnClassify = (request, _) =>
        {
            cluster.Time.Advance(TimeSpan.FromMilliseconds(500));
            return Task.FromResult(Answer(request));
        };
        Assert.Equal(0, await Run("--json", "-"));
        Assert.Equal(
            "10.jpg 252 7 403 0 12\n2.jpg 253 7 403 0 12\na 1.jpg 251 7 403 0 12\nb.jpg 250 7 403 0 12\n柴犬.jpg 254 7 403 0 12\n",
            await File.ReadAllTextAsync(Result));
        Assert.Equal([.. Enumerable.Repeat(0L, 5), .. Enumerable.Repeat(9L, 5)], cluster.Classified.Select(r => r.MinimumVersion));

        var report = tool.Report;
        Assert.Equal(
            """{"file":"10.jpg","classIds":[252,7,403,0,12],"stage":"Probe","version":9}""",
            Compact(report.GetProperty("files")[0].GetRawText()));
        Assert.Equal(0, report.GetProperty("failed").GetArrayLength());
        Assert.Equal((5.0, 1.0), (report.GetProperty("seconds").GetDouble(), report.GetProperty("imagesPerSecond").GetDouble()));
        Assert.Equal("""{"text":2,"proxies":1,"probe":1,"refiner":1}""", Compact(report.GetProperty("stages").GetRawText()));
        Assert.Equal(
            """{"state":"Published","version":9,"reason":"InMaP of 40 unlabelled images"}""",
            Compact(report.GetProperty("refined").GetRawText()));
        foreach (var stage in new[] { "classifying", "refining", "classifying again" }) Assert.Contains($"{stage}: 100 %", tool.Error);
    }

    [Fact]
    public async Task AnswersKeepTheOrderOfFilesWhateverComesFirst()
    {
        Photos("a", "b", "c", "d");
        // The first photo is answered only when the last one was asked for.
        var last = new TaskCompletionSource();
        cluster.OnClassify = async (request, _) =>
        {
            if (request.Image[0] == 3) last.TrySetResult();
            if (request.Image[0] == 0) await last.Task;
            return Answer(request);
        };
        Assert.Equal(0, await Run("--top", "1", "--no-refine"));
        Assert.Equal("a 250\nb 251\nc 252\nd 253\n", await File.ReadAllTextAsync(Result));
    }

    [Fact]
    public async Task ARefusedRefitIsNoFailureAndSaysWhatIsServedInstead()
    {
        Photos("a.jpg");
        cluster.OnStartFit = () => Fit(FitState.Refused, reason: "text proxies: 1 unlabelled images, 6 classes need 48");
        cluster.OnDescribe = () => FakeCluster.Set with { Serving = new Dictionary<string, string> { ["proxies"] = "text" } };
        Assert.Equal(0, await Run("--json", "-"));
        Assert.Contains("not refined: text proxies: 1 unlabelled images, 6 classes need 48; served instead: text\n", tool.Error);
        Assert.Equal("Refused", tool.Report.GetProperty("refined").GetProperty("state").GetString());
        Assert.Equal(2, cluster.Classified.Count);
        Assert.True(File.Exists(Result));
    }

    [Fact]
    public async Task WithoutRefitThereIsOnePass()
    {
        Photos("a.jpg", "b.jpg");
        cluster.OnStartFit = () => throw new InvalidOperationException("nobody asked for it");
        Assert.Equal(0, await Run("--no-refine"));
        Assert.Equal(2, cluster.Classified.Count);
        Assert.Contains("result.txt: 2 photos, 0 failed", tool.Output);
        Assert.Contains("answered by text 1, proxies 1, probe 0, refiner 0", tool.Output);
    }

    [Fact]
    public async Task WhatIsNoPhotoIsListedAndLeftOutAndSentOnceOnly()
    {
        Photos("good.jpg", "notes.txt", "tired.jpg");
        images.Write("empty.jpg", []);
        var overloaded = 1;
        cluster.OnClassify = (request, _) => request.Image[0] switch
        {
            1 => throw new FewShotException(FewShotErrorCode.InvalidImage, "no picture"),
            2 when overloaded-- > 0 => throw FakeCluster.Overloaded(),
            _ => Task.FromResult(Answer(request)),
        };
        Assert.Equal(1, await Run("--top", "2", "--json", "-"));
        // The overload was of the moment: its second chance came with the second pass.
        Assert.Equal("good.jpg 250 7\ntired.jpg 252 7\n", await File.ReadAllTextAsync(Result));
        Assert.Equal([0, 1, 2, 0, 2], cluster.Classified.Select(r => (int)r.Image[0]));
        Assert.Equal([("empty.jpg", "InvalidImage"), ("notes.txt", "InvalidImage")], tool.Failed);
        Assert.Contains("failed: notes.txt: InvalidImage: no picture\n", tool.Error);
        Assert.Contains("error: InvalidImage: 2 of 4 inputs failed", tool.Error);
    }

    [Fact]
    public async Task WhereNothingIsAPhotoNothingIsWritten()
    {
        images.Write("empty.jpg", []);
        await File.WriteAllTextAsync(Result, "earlier");
        cluster.OnStartFit = () => throw new InvalidOperationException("there is nothing to refit to");
        Assert.Equal(2, await Run());
        Assert.Equal("earlier", await File.ReadAllTextAsync(Result));
        Assert.Contains("nothing written: 0 photos, 1 failed", tool.Output);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(7)]
    public async Task CtrlCInEitherPassLeavesTheEarlierResult(int request)
    {
        Photos("a", "b", "c", "d", "e");
        await File.WriteAllTextAsync(Result, "earlier");
        using var interrupt = new CancellationTokenSource();
        cluster.OnClassify = (asked, token) =>
        {
            if (cluster.Classified.Count < request) return Task.FromResult(Answer(asked));
            interrupt.Cancel();
            return Task.FromCanceled<ClassificationAnswer>(token);
        };
        Assert.Equal(130, await tool.RunAsync(Command(), interrupt.Token));
        Assert.EndsWith("cancelled\n", tool.Error);
        Assert.Equal("earlier", await File.ReadAllTextAsync(Result));
        Assert.Equal([Result], Directory.GetFiles(results.FullName));
    }

    [Fact]
    public async Task ARefitThatFailsFailsTheRun()
    {
        Photos("a.jpg");
        cluster.OnStartFit = () => Fit(FitState.Failed);
        Assert.Equal(70, await Run());
        Assert.Empty(Directory.GetFiles(results.FullName));
    }

    [Fact]
    public async Task AnUnknownClassSetIsNotThePhotosFault()
    {
        Photos("a.jpg");
        cluster.OnClassify = (_, _) => throw new FewShotException(FewShotErrorCode.ClassSetNotFound, "no class set 'pets'");
        Assert.Equal(4, await Run());
        Assert.EndsWith("error: ClassSetNotFound: no class set 'pets'\n", tool.Error);
    }

    [Fact]
    public async Task AResultBesideThePhotosIsNoneOfThem()
    {
        Photos("a.jpg");
        var beside = Path.Combine(images.FullName, "result.txt");
        for (var run = 0; run < 2; run++)
            Assert.Equal(0, await tool.RunAsync("predict", "pets", "--images", images.FullName, "--out", beside, "--top", "1"));
        Assert.Equal("a.jpg 250\n", await File.ReadAllTextAsync(beside));
        Assert.Equal(2, Directory.GetFiles(images.FullName).Length);
    }

    [Fact]
    public async Task WhatCannotWorkIsRefusedBeforeAnythingIsSent()
    {
        string Missing(string name) => Path.Combine(results.FullName, "absent", name);
        await Refused("holds no files", "the folder has no files");
        Photos("a.jpg");
        await Refused("no such folder", "no such folder", "--json", Missing("report.json"));
        await Refused("top", "Top is 0", "--top", "0");
        Assert.Equal(2, await tool.RunAsync("predict", "pets", "--images", images.FullName, "--out", results.FullName));
        Assert.Contains("is a folder", tool.Error);
        Assert.Equal(2, await tool.RunAsync("predict", "pets", "--images", images.FullName, "--out", Missing("result.txt")));
        Assert.Contains("there is no such folder", tool.Error);
        Assert.Equal(2, await tool.RunAsync("predict", "pets", "--images", Missing("images"), "--out", Result));
        Assert.Contains("no such folder", tool.Error);
        if (!OperatingSystem.IsWindows())
        {
            Photos("two\nlines.jpg");
            await Refused("line break", "holds a line break");
        }
        Assert.Empty(cluster.Classified);

        async Task Refused(string why, string message, params string[] more)
        {
            Assert.True(await Run(more) == 2, why);
            Assert.Contains(message, tool.Error);
        }
    }

    private static string Compact(string json) => string.Concat(json.Split('\n').Select(line => line.Trim())).Replace("\": ", "\":");
}
