using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using FewShotCluster.Client;
using FewShotCluster.Cluster.Tests.Processes;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cluster.Tests;

/// <summary>A real node, reached through the SDK, the tool and HTTP.</summary>
public sealed class EndToEndTests(RunningNode node) : IClassFixture<RunningNode>
{
    private static readonly byte[] Truncated = Pictures.Test(0)[..400];

    [Fact]
    public async Task TheWholeWayThroughTheSdk()
    {
        await using var client = await node.Server.ConnectAsync();
        Assert.Equal(1, (await client.CreateClassSetAsync("sdk", Pictures.Definition)).Version);
        var added = await client.AddClassesAsync("sdk", [new ClassDefinition("red car", 99)]);
        var answer = await client.ClassifyAsync("sdk", Pictures.Test(0), new ClassifyOptions { MinimumVersion = added.Version, Explain = ExplainMode.AllStages });
        Assert.True(answer.Version >= added.Version);
        Assert.NotEmpty(answer.Stages);
        var shots = await client.AddShotsAsync("sdk", Pictures.Shots);
        Assert.Equal((Pictures.Shots.Count, 0), (shots.Added, shots.Failed.Count));
        var fit = await client.FitAsync("sdk");
        Assert.Equal(FitState.Published, fit.State);
        var items = Enumerable.Range(0, 4).Select(i => new ClassifyItem($"{i}", Pictures.Test(i))).Append(new ClassifyItem("bad", Truncated));
        var outcomes = await client.ClassifyManyAsync("sdk", items.ToAsyncEnumerable(), new ClassifyOptions { MinimumVersion = fit.Version }).ToListAsync();
        Assert.All(outcomes.Take(4), o => Assert.True(o.Answer!.Version >= fit.Version));
        Assert.Equal(FewShotErrorCode.InvalidImage, outcomes[4].Error!.Code);
        Assert.Contains(await client.ListAsync(), s => s is { ClassSetId: "sdk", Classes: 5, Seen: 4 });
    }

    [Fact]
    public async Task TypedFailuresCrossTheGateway()
    {
        await using var client = await node.Server.ConnectAsync();
        await client.CreateClassSetAsync("errors", Pictures.Definition, "op");
        Assert.Equal(1, (await client.CreateClassSetAsync("errors", Pictures.Definition, "op")).Version);
        await Fails(FewShotErrorCode.Conflict, () => client.CreateClassSetAsync("errors", Pictures.Definition));
        await Fails(FewShotErrorCode.InvalidArgument, () => client.AddClassesAsync("errors", [new ClassDefinition(" ")]));
        await Fails(FewShotErrorCode.ClassSetNotFound, () => client.ClassifyAsync("nope", Pictures.Test(0)));
        await Fails(FewShotErrorCode.ClassSetNotFound, () => client.DescribeAsync("nope"));
        await Fails(FewShotErrorCode.InvalidImage, () => client.ClassifyAsync("errors", Truncated));
        await Fails(FewShotErrorCode.InvalidImage, () => client.ClassifyAsync("errors", "no image at all"u8.ToArray()));
        await Fails(
            FewShotErrorCode.VersionNotReached,
            () => client.ClassifyAsync("errors", Pictures.Test(0), new ClassifyOptions { MinimumVersion = 1000, Deadline = TimeSpan.FromSeconds(20) }));
        // The connection outlives them all.
        Assert.NotEmpty((await client.ClassifyAsync("errors", Pictures.Test(0))).Top);
    }

    [Fact]
    public async Task TheWholeWayThroughTheTool()
    {
        var folder = node.Folder;
        var classes = folder.Write("classes.txt", string.Join('\n', Pictures.Classes.Select((c, i) => $"{c.Name} {10 + i}")));
        await Runs(0, "version 1, 4 classes", "class-set", "create", "tool", "--from", classes);
        await Runs(0, "version 2", "classes", "add", "tool", "red car", "柴犬");
        var lines = Pictures.Shots.Select((shot, i) => (File: $"shot {i}.jpg", shot.ClassId, Path: folder.Write($"shot {i}.jpg", shot.Image))).ToList();
        var list = folder.Write("list.txt", string.Join('\n', lines.Select(l => $"{l.File},{l.ClassId}")));
        await Runs(0, "8 added", "shots", "add", "tool", "--from", list, "--images", folder["."]);
        await Runs(0, "Published", "fit", "tool");
        var photo = folder.Write("photo.jpg", Pictures.Test(0));
        var run = await Runs(0, "\"version\"", "classify", "tool", photo, "--top", "3", "--json", "-");
        Assert.Equal(3, JsonDocument.Parse(run.Output).RootElement.GetProperty("files")[0].GetProperty("answer").GetProperty("top").GetArrayLength());
        await Runs(0, "柴犬", "class-set", "show", "tool");
        await Runs(0, "node node-a: Active", "status");

        var truncated = folder.Write("truncated.jpg", Truncated);
        await Fails(2, "error: InvalidImage", "classify", "tool", truncated);
        await Fails(1, "error: InvalidImage: 2 of 3", "classify", "tool", photo, truncated, folder["absent.jpg"]);
        await Fails(2, "error: InvalidArgument", "classes", "add", "tool", "");
        await Fails(4, "error: ClassSetNotFound", "classify", "nope", photo);
        await Fails(5, "error: Conflict", "class-set", "create", "tool", "--from", classes);
        await Fails(5, "error: Conflict", "classes", "add", "tool", "red car");
    }

    [Fact]
    public async Task TheWholeWayThroughHttp()
    {
        var http = node.Server.Http;
        var body = """{"classes":[{"name":"red car","id":3},{"name":"purple cat"}],"policy":{"promptTemplates":["a drawing of a {}."]}}""";
        Assert.Equal(HttpStatusCode.Created, (await http.PutAsync("/v1/class-sets/web", new StringContent(body))).StatusCode);
        var more = await http.PostAsync("/v1/class-sets/web/classes", new StringContent("""{"classes":[{"name":"blue bus"}]}"""));
        Assert.Contains("\"version\":2", await more.Content.ReadAsStringAsync());
        var answer = await http.PostAsync(
            "/v1/class-sets/web/classify?top=2&minVersion=2&explain=all&learn=false", new ByteArrayContent(Pictures.Test(1)));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var root = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(2, root.GetProperty("top").GetArrayLength());
        Assert.Contains("\"blue bus\"", await http.GetStringAsync("/v1/class-sets/web"));
        Assert.Contains("\"web\"", await http.GetStringAsync("/v1/class-sets"));
        Assert.Contains("node-a/cpu:0", await http.GetStringAsync("/v1/status"));

        await Problem(400, "InvalidImage", await http.PostAsync("/v1/class-sets/web/classify", new ByteArrayContent(Truncated)));
        await Problem(400, "InvalidImage", await http.PostAsync("/v1/class-sets/web/classify", new ByteArrayContent([])));
        await Problem(400, "InvalidArgument", await http.PostAsync("/v1/class-sets/web/classify?top=many", new ByteArrayContent(Truncated)));
        await Problem(400, "InvalidArgument", await http.PostAsync("/v1/class-sets/web/classify?learn=perhaps", new ByteArrayContent([])));
        await Problem(400, "InvalidArgument", await http.PutAsync("/v1/class-sets/bad", new StringContent("""{"clases":[]}""")));
        await Problem(400, "InvalidArgument", await http.PutAsync("/v1/class-sets/bad", new StringContent("""{"classes":[],"policy":{"epochs":1}}""")));
        await Problem(400, "InvalidArgument", await http.PutAsync("/v1/class-sets/bad", new StringContent("""{"classes":[null]}""")));
        await Problem(400, "InvalidArgument", await http.PutAsync("/v1/class-sets/bad", new StringContent("""{"classes":[],"policy":{"\uD800":1}}""")));
        await Problem(400, "InvalidArgument", await http.PostAsync("/v1/class-sets/web/classes", new StringContent("")));
        await Problem(400, "InvalidArgument", await http.PutAsync("/v1/class-sets/bad", new StringContent("""{"classes":[{"name":"\uD800"}]}""")));
        foreach (var (expected, status) in new[] { ("\"1\"", HttpStatusCode.Conflict), ("\"2\"", HttpStatusCode.OK) })
        {
            using var guarded = new HttpRequestMessage(HttpMethod.Post, "/v1/class-sets/web/classes")
            {
                Content = new StringContent("""{"classes":[{"name":"green boat"}]}"""),
                Headers = { IfMatch = { new EntityTagHeaderValue(expected) } },
            };
            Assert.Equal(status, (await http.SendAsync(guarded)).StatusCode);
        }
        await Problem(404, "ClassSetNotFound", await http.GetAsync("/v1/class-sets/nope"));
        await Problem(409, "Conflict", await http.PutAsync("/v1/class-sets/web", new StringContent(body)));
        await Problem(403, "Forbidden", await http.PostAsync("/v1/devices/faults?slot=node-a/cpu:0", null));
        await Problem(503, "DeviceUnavailable", await http.PostAsync("/v1/devices/faults?slot=nowhere/cpu:0", null));
        using var names = new HttpRequestMessage(HttpMethod.Put, "/v1/class-sets/bad")
        {
            Content = new ByteArrayContent(new byte[PayloadLimits.MaxPayloadBytes + 1]),
            Headers = { ExpectContinue = true },
        };
        await Problem(422, "LimitExceeded", await http.SendAsync(names));
        // Asks before it sends, as curl does: the refusal comes before the body.
        using var oversize = new HttpRequestMessage(HttpMethod.Post, "/v1/class-sets/web/classify")
        {
            Content = new ByteArrayContent(new byte[PayloadLimits.MaxPayloadBytes + 1]),
            Headers = { ExpectContinue = true },
        };
        await Problem(413, "ImageTooLarge", await http.SendAsync(oversize));
    }

    [Fact]
    public async Task HealthAndMetrics()
    {
        var http = node.Server.Http;
        Assert.Equal("live\n", await http.GetStringAsync("/healthz/live"));
        Assert.Equal("ready\n", await http.GetStringAsync("/healthz/ready"));
        await using var client = await node.Server.ConnectAsync();
        await client.CreateClassSetAsync("measured", Pictures.Definition);
        await client.ClassifyAsync("measured", Pictures.Test(0));
        var metrics = await http.GetStringAsync("/metrics");
        foreach (var name in new[] { "fewshot_requests", "fewshot_request_duration_seconds_bucket", "fewshot_queue_length", "fewshot_device_state", "fewshot_requests_active", "fewshot_storage_duration_seconds_count", "orleans_", "dotnet_", "http_server_" })
            Assert.Contains($"\n{name}", metrics);
        // Bounds in seconds, not OpenTelemetry's milliseconds.
        Assert.Contains("le=\"0.0005\"", metrics);
    }

    private static async Task Fails<T>(FewShotErrorCode code, Func<Task<T>> call)
    {
        var error = await Assert.ThrowsAsync<FewShotException>(call);
        Assert.True(code == error.Code, $"{error.Code}: {error.Message}");
    }

    private static async Task Problem(int status, string code, HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, text);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(code, JsonDocument.Parse(text).RootElement.GetProperty("code").GetString());
    }

    private async Task<ToolProcess> Runs(int exit, string output, params string[] args)
    {
        var run = await ToolProcess.RunAsync(node.Server.Gateway, args);
        Assert.True(exit == run.ExitCode, $"{string.Join(' ', args)}: exit {run.ExitCode}: {run.Error}");
        Assert.Contains(output, run.Output);
        return run;
    }

    private async Task Fails(int exit, string line, params string[] args)
    {
        var run = await ToolProcess.RunAsync(node.Server.Gateway, args);
        Assert.True(exit == run.ExitCode, $"{string.Join(' ', args)}: exit {run.ExitCode}: {run.Error}");
        Assert.Contains(line, run.Error);
    }
}
