using System.Text.Json;
using FewShotCluster.Client.Testing;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client.Tests.Tool;

/// <summary>The tool's verbs from the command line to exit code and streams, over the SDK's in-memory double.</summary>
public sealed class VerbTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly InMemoryFewShotClient cluster = new();
    private readonly ToolRunner tool;

    public VerbTests() => tool = new ToolRunner(() => cluster);

    public void Dispose() => folder.Dispose();

    private Task<int> Run(params string[] args) => tool.RunAsync(args);

    private async Task Pets()
    {
        var classes = folder.Write("classes.txt", "Animal_Bear 0\nThu-dog_pug 250\n");
        Assert.Equal(0, await Run("class-set", "create", "pets", "--from", classes, "--family", "dog=Thu-dog", "--template", "a {}", "--template", "one {}"));
    }

    [Fact]
    public async Task CreateReadsClassesFamiliesAndTemplates()
    {
        await Pets();
        var set = await cluster.DescribeAsync("pets");
        Assert.Equal([(0, "Animal_Bear", null), (250, "Thu-dog_pug", "dog")], set.Classes.Select(c => (c.Id, c.Name, c.Family)));
        Assert.Equal("dog", set.Policy.RefinerFamily);
        Assert.Equal(["a {}", "one {}"], set.Policy.PromptTemplates);
    }

    [Fact]
    public async Task ThePolicyFileWinsOverTheFirstFamilyAndUnknownNamesAreRefused()
    {
        var classes = folder.Write("classes.txt", "cat\ndog");
        var policy = folder.Write("policy.json", """{"refinerFamily":"cats","learnFromTraffic":false}""");
        Assert.Equal(0, await Run("class-set", "create", "a", "--from", classes, "--family", "dogs=dog", "--policy", policy));
        var set = await cluster.DescribeAsync("a");
        Assert.Equal(("cats", false), (set.Policy.RefinerFamily, set.Policy.LearnFromTraffic));
        // What the file leaves out keeps its default.
        Assert.Equal((300, 4.0, 1), (set.Policy.ProbeEpochs, set.Policy.InmapImageTemperature, set.Policy.PromptTemplates.Count));
        Assert.Equal(2, await Run("class-set", "create", "b", "--from", classes, "--policy", folder.Write("typo.json", """{"refinerFamly":"x"}""")));
        Assert.Contains("refinerFamly", tool.Error);
    }

    [Fact]
    public async Task WholeWayWithReports()
    {
        await Pets();
        Assert.Equal(0, await Run("classes", "add", "pets", "柴犬", "purple cat", "--operation", "k1", "--json", "-"));
        Assert.Equal(2, JsonDocument.Parse(tool.Output).RootElement.GetProperty("version").GetInt64());
        Assert.Equal(0, await Run("classes", "add", "pets", "柴犬", "purple cat", "--operation", "k1"));
        Assert.Contains("version 2", tool.Output);

        var photo = folder.Write("a b.jpg", [1, 2, 3]);
        folder.Write("c.jpg", [4]);
        var list = folder.Write("train.txt", "a b.jpg,purple cat\nc.jpg 250\n");
        Assert.Equal(0, await Run("shots", "add", "pets", "--from", list, "--images", folder.FullName));
        Assert.Contains("2 added", tool.Output);
        Assert.Contains("adding shots: 100 %", tool.Error);

        Assert.Equal(0, await Run("fit", "pets"));
        Assert.Contains("Published", tool.Output);
        Assert.Equal(0, await Run("refine", "pets"));

        cluster.Answer(new byte[] { 1, 2, 3 }, "purple cat");
        var report = Path.Combine(folder.FullName, "report.json");
        Assert.Equal(0, await Run("classify", "pets", photo, "--top", "2", "--explain", "--json", report));
        var first = JsonDocument.Parse(File.ReadAllText(report)).RootElement.GetProperty("files")[0];
        Assert.Equal("purple cat", first.GetProperty("answer").GetProperty("top")[0].GetProperty("name").GetString());
        Assert.Equal(2, first.GetProperty("answer").GetProperty("top").GetArrayLength());

        Assert.Equal(0, await Run("class-set", "show", "pets"));
        Assert.Contains("柴犬", tool.Output);
        Assert.Equal(0, await Run("class-set", "list"));
        Assert.Contains("pets", tool.Output);
        Assert.Equal(0, await Run("status"));
        Assert.Contains("node memory", tool.Output);
    }

    [Fact]
    public async Task SomeUnusableInputsExitWithOneAndAreListed()
    {
        await Pets();
        var good = folder.Write("good.jpg", [1]);
        Assert.Equal(1, await Run("classify", "pets", good, folder.Write("empty.jpg", []), Path.Combine(folder.FullName, "absent.jpg")));
        Assert.Contains("good.jpg: version", tool.Output);
        var lines = tool.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Count(l => l.StartsWith("failed: ", StringComparison.Ordinal)));
        Assert.StartsWith("error: InvalidImage: 2 of 3 inputs failed", lines[^1]);
    }

    [Fact]
    public async Task NoUsableInputExitsWithItsCode()
    {
        await Pets();
        Assert.Equal(2, await Run("classify", "pets", Path.Combine(folder.FullName, "absent.jpg")));
        Assert.Contains("error: InvalidImage: 1 of 1 inputs failed", tool.Error);
    }

    [Theory]
    [InlineData(FewShotErrorCode.InvalidArgument, 2)]
    [InlineData(FewShotErrorCode.LimitExceeded, 2)]
    [InlineData(FewShotErrorCode.Overloaded, 3)]
    [InlineData(FewShotErrorCode.DeadlineExceeded, 3)]
    [InlineData(FewShotErrorCode.ClassSetNotFound, 4)]
    [InlineData(FewShotErrorCode.Conflict, 5)]
    [InlineData(FewShotErrorCode.VersionNotReached, 5)]
    [InlineData(FewShotErrorCode.Internal, 70)]
    [InlineData(FewShotErrorCode.DeviceUnavailable, 70)]
    public async Task CodesBecomeExitCodesAndOneLine(FewShotErrorCode code, int exit)
    {
        cluster.FailNext(new FewShotException(code, "what\nwhere"));
        Assert.Equal(exit, await Run("class-set", "list"));
        Assert.Equal($"error: {code}: what where\n", tool.Error.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task CancellationExitsWith130AndSurprisesWith70()
    {
        cluster.FailNext(new OperationCanceledException());
        Assert.Equal(130, await Run("status"));
        cluster.FailNext(new InvalidDataException("odd"));
        Assert.Equal(70, await Run("status"));
        Assert.Contains("error: Internal: InvalidDataException: odd", tool.Error);
    }

    [Fact]
    public async Task AnUnknownClassSetIsNotAnInputsFault()
    {
        Assert.Equal(4, await Run("classify", "nope", folder.Write("a.jpg", [1])));
        Assert.StartsWith("error: ClassSetNotFound: ", tool.Error);
    }

    [Theory]
    [InlineData("frobnicate")]
    [InlineData("classify", "pets")]
    [InlineData("classify", "pets", "a.jpg", "--top", "many")]
    [InlineData("class-set", "create", "pets")]
    [InlineData("class-set", "delete")]
    [InlineData("class-set", "rollback", "pets")]
    [InlineData("classes", "remove", "pets")]
    [InlineData("shots", "remove", "pets")]
    [InlineData("shots", "remove", "pets", "--key", "abc")]
    [InlineData("shots", "move", "pets", "--to", "dog")]
    [InlineData("fit", "pets", "--preset", "best")]
    [InlineData("fit", "pets", "--validation", "list.txt")]
    [InlineData("class-set", "import", "absent.zip")]
    [InlineData("shots", "add", "pets", "--from", "absent.txt", "--images", ".")]
    [InlineData("classes", "add", "pets")]
    public async Task WrongArgumentsExitWithTwo(params string[] args)
    {
        Assert.Equal(2, await Run(args));
        Assert.StartsWith("error: InvalidArgument: ", tool.Error);
    }

    [Fact]
    public async Task TheGatewayComesFromOptionOrEnvironment()
    {
        await Run("status");
        Assert.Equal(["127.0.0.1:30000"], tool.Connected!.Gateways);
        tool.Environment["FEWSHOT_GATEWAY"] = "silo:1,silo:2";
        await Run("status");
        Assert.Equal(["silo:1", "silo:2"], tool.Connected!.Gateways);
        await Run("status", "--gateway", "other:3");
        Assert.Equal(["other:3"], tool.Connected!.Gateways);
    }
}
