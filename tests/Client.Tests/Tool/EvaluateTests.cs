using System.Text.Json;
using FewShotCluster.Cli.Batches;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client.Tests.Tool;

/// <summary><c>fewshot evaluate</c> over the real SDK: a photo's bytes are its stage and the ids of its answer.</summary>
public sealed class EvaluateTests : IDisposable
{
    private const byte Text = 0, Proxies = 1, Probe = 2, Refiner = 3;

    private readonly TemporaryFolder folder = new();
    private readonly FakeCluster cluster = new();
    private readonly ToolRunner tool;

    public EvaluateTests()
    {
        tool = new ToolRunner(() => cluster.Client(options => options.MaxRetries = 0), cluster.Time);
        cluster.OnDescribe = () => FakeCluster.Set with
        {
            Classes =
            [
                new(30, "Thu-dog_pug", "dog", 4, false),
                new(10, "Animal_Bear", null, 1, false),
                new(20, "purple cat", null, 0, false),
            ],
        };
        cluster.OnClassify = (request, _) => Task.FromResult(FakeCluster.Answer with
        {
            Stage = (CascadeStage)request.Image[0],
            Top = [.. request.Image.Skip(1).Take(request.Top).Select(id => new RankedClass(id, $"c{id}", 0, 0))],
        });
    }

    public void Dispose() => folder.Dispose();

    private Task<int> Run(string list, params string[] more) =>
        tool.RunAsync(["evaluate", "pets", "--list", folder.Write("list.csv", list), "--images", folder.FullName, .. more]);

    private void Photos()
    {
        Directory.CreateDirectory(Path.Combine(folder.FullName, "pugs"));
        folder.Write("pugs/1.jpg", [Refiner, 30, 10]);
        folder.Write("pugs/2.jpg", [Refiner, 10, 30]);
        folder.Write("pugs/3.jpg", [Probe, 30]);
        folder.Write("bear 1.jpg", [Probe, 30, 20, 1, 2, 3, 10]);
        folder.Write("cat.jpg", [Proxies, 20]);
        folder.Write("cat2.jpg", [Text, 10, 20, 30]);
        folder.Write("cat3.jpg", [Proxies, 20]);
    }

    private const string List =
        "pugs/1.jpg,30\npugs/2.jpg,Thu-dog_pug\npugs/3.jpg 30\nbear 1.jpg 10\ncat.jpg,purple cat\ncat2.jpg,20\ncat3.jpg,20\n";

    [Fact]
    public async Task FiguresBySeenUnseenAndStage()
    {
        Photos();
        Assert.Equal(0, await Run(List, "--json", "-"));
        var report = tool.Report;
        Assert.Equal((7, 7L), (report.GetProperty("images").GetInt32(), report.GetProperty("version").GetInt64()));
        // The bear is sixth in its answer, which was not asked for.
        Near(4 / 7.0, report.GetProperty("top1"));
        Near(6 / 7.0, report.GetProperty("top5"));
        Figures(4, 2 / 4.0, 3 / 4.0, report.GetProperty("seen"));
        Figures(3, 2 / 3.0, 1, report.GetProperty("unseen"));
        Near(2 * 0.5 * (2 / 3.0) / (0.5 + (2 / 3.0)), report.GetProperty("harmonicMean"));
        var stages = report.GetProperty("stages");
        Figures(1, 0, 1, stages.GetProperty("text"));
        Figures(2, 1, 1, stages.GetProperty("proxies"));
        Figures(2, 0.5, 0.5, stages.GetProperty("probe"));
        Figures(2, 0.5, 1, stages.GetProperty("refiner"));
        Assert.All(cluster.Classified, request => Assert.Equal((7, false), (request.MinimumVersion, request.Learn)));
    }

    [Fact]
    public async Task TheTableHoldsTheFiguresAndStaysOutOfJson()
    {
        Photos();
        Assert.Equal(0, await Run(List));
        var cells = tool.Output.Split('\n').Select(line => line.Split('│', StringSplitOptions.TrimEntries));
        string[][] rows = [.. cells.Where(c => c.Length == 6).Select(c => c[1..5])];
        Assert.Contains(["all", "7", "57.1", "85.7"], rows);
        Assert.Contains(["seen", "4", "50.0", "75.0"], rows);
        Assert.Contains(["unseen", "3", "66.7", "100.0"], rows);
        Assert.Contains(["harmonic mean", "", "57.1", ""], rows);
        Assert.Contains(["answered by refiner", "2", "50.0", "100.0"], rows);
        Assert.Contains("classifying: 100 %", tool.Error);
    }

    [Fact]
    public async Task PhotosThatFailAreListedAndDoNotCount()
    {
        Photos();
        cluster.OnClassify = (request, _) => throw (request.Image[0] == Probe
            ? FakeCluster.Overloaded()
            : new FewShotException(FewShotErrorCode.InvalidImage, "no picture"));
        Assert.Equal(1, await Run("pugs/3.jpg,30\ncat.jpg,20\nabsent.jpg,10", "--json", "-"));
        Assert.Equal(
            [("pugs/3.jpg", "Overloaded"), ("cat.jpg", "InvalidImage"), ("absent.jpg", "InvalidImage")],
            tool.Failed);
        Assert.Equal(0, tool.Report.GetProperty("images").GetInt32());
        Assert.Equal(JsonValueKind.Null, tool.Report.GetProperty("top1").ValueKind);
        Assert.Contains("error: Overloaded: 3 of 3 inputs failed", tool.Error);
    }

    [Fact]
    public async Task WithoutUnseenPhotosThereIsNoHarmonicMean()
    {
        Photos();
        Assert.Equal(0, await Run("pugs/1.jpg,30", "--json", "-"));
        Assert.Equal(JsonValueKind.Null, tool.Report.GetProperty("harmonicMean").ValueKind);
        Assert.Equal(JsonValueKind.Null, tool.Report.GetProperty("unseen").GetProperty("top1").ValueKind);
    }

    [Theory]
    [InlineData("pugs/1.jpg,30\ncat.jpg,21", "line 2: class set 'pets' has no class with the id 21")]
    [InlineData("pugs/1.jpg,30\ncat.jpg,zebra", "line 2: no class is called 'zebra'")]
    [InlineData("", "lists no photos")]
    public async Task UnknownLabelsAreRefusedBeforeAnythingIsSent(string list, string message)
    {
        Photos();
        Assert.Equal(2, await Run(list));
        Assert.Contains(message, tool.Error);
        Assert.Empty(cluster.Classified);
    }

    [Fact]
    public async Task WrongFoldersAndSetsAreToldApart()
    {
        var list = folder.Write("list.csv", "a.jpg,30");
        Assert.Equal(2, await tool.RunAsync("evaluate", "pets", "--list", list, "--images", Path.Combine(folder.FullName, "absent")));
        Assert.Contains("no such folder", tool.Error);
        cluster.OnDescribe = () => throw new FewShotException(FewShotErrorCode.ClassSetNotFound, "no class set 'pets'");
        Assert.Equal(4, await Run("a.jpg,30"));
    }

    [Theory]
    [InlineData(0.0, 0.0, 0.0)]
    [InlineData(1.0, 0.0, 0.0)]
    [InlineData(0.5, 1.0, 2 / 3.0)]
    [InlineData(0.9, 0.9, 0.9)]
    [InlineData(null, 0.5, null)]
    [InlineData(0.5, null, null)]
    public void TheHarmonicMeanIsHighOnlyWhenBothAre(double? seen, double? unseen, double? mean)
    {
        var found = Accuracy.HarmonicMean(seen, unseen);
        if (mean is null) Assert.Null(found);
        else Assert.Equal(mean.Value, found!.Value, 12);
    }

    private static void Figures(int images, double top1, double top5, JsonElement found)
    {
        Assert.Equal(images, found.GetProperty("images").GetInt32());
        Near(top1, found.GetProperty("top1"));
        Near(top5, found.GetProperty("top5"));
    }

    private static void Near(double expected, JsonElement found) => Assert.Equal(expected, found.GetDouble(), 12);
}
