using System.Net;
using System.Net.Sockets;
using FewShotCluster.Cluster.Tests.Processes;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cluster.Tests;

/// <summary>A node that cannot start says why in one line and by its exit code.</summary>
public sealed class StartupTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task AWrongModelsFolder() => await Fails(2, "ModelUnavailable", "manifest.json", folder["nowhere"]);

    [Theory]
    [InlineData("--cluster", "redis", "--cluster redis needs --redis HOST:PORT")]
    [InlineData("--cluster", "raft", "allowed are localhost and redis")]
    [InlineData("--redis", "localhost:6379", "--redis is used with --cluster redis only")]
    [InlineData("--gateway-port", "many", "GatewayPort")]
    [InlineData("--silo-port", "70000", "--silo-port 70000")]
    [InlineData("--urls", "nowhere", "--urls 'nowhere'")]
    [InlineData("--config", "absent.json", "absent.json")]
    [InlineData("--node", "two words", "NodeName")]
    [InlineData("--frobnicate", "yes", "--frobnicate")]
    public async Task WrongOptions(string option, string value, string message) =>
        await Fails(2, "InvalidArgument", message, folder["nowhere"], option, value);

    [Theory]
    [InlineData("--gateway-port", "")]
    [InlineData("--silo-port", "")]
    [InlineData("--urls", "http://127.0.0.1:")]
    public async Task ATakenPort(string option, string prefix)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await Fails(2, "InvalidArgument", $"{port}", Programs.DemoModels(), option, $"{prefix}{port}");
    }

    [Fact]
    public async Task AListOfDevicesInTheConfiguration()
    {
        Programs.DemoModels();
        var config = folder.Write("node.json", """{"FewShot":{"Devices":["cpu:0"],"Images":{"MaxPixels":1000}}}""");
        await using var server = await ServerProcess.StartAsync(folder["data"], "--config", config);
        await using var client = await server.ConnectAsync();
        Assert.Equal("node-a/cpu:0", Assert.Single((await client.GetStatusAsync()).Devices).Slot);
        await client.CreateClassSetAsync("set", Pictures.Definition);
        var error = await Assert.ThrowsAsync<FewShotException>(() => client.ClassifyAsync("set", Pictures.Test(0)));
        Assert.Equal(FewShotErrorCode.ImageTooLarge, error.Code);
    }

    [Fact]
    public async Task ADeviceThatIsNotThere() =>
        await Fails(70, "DeviceUnavailable", "cuda:31", Programs.DemoModels(), "--devices", "cuda:31");

    [Fact]
    public async Task ARedisThatIsNotThere()
    {
        // A port that was free a moment ago and that nobody listens on.
        using var held = new TcpListener(IPAddress.Loopback, 0);
        held.Start();
        var address = held.LocalEndpoint.ToString()!;
        held.Stop();
        await Fails(70, "StorageUnavailable", "--redis", Programs.DemoModels(), "--cluster", "redis", "--redis", address);
    }

    [Fact]
    public async Task ADamagedDatabase()
    {
        Directory.CreateDirectory(folder["data"]);
        File.WriteAllText(Path.Combine(folder["data"], "class-sets.db"), new string('x', 100_000));
        await Fails(70, "StorageUnavailable", "class-sets.db", Programs.DemoModels());
    }

    private async Task Fails(int exit, string code, string message, string models, params string[] more)
    {
        var run = await ServerProcess.FailAsync(folder["data"], models, more);
        Assert.True(exit == run.ExitCode, $"exit {run.ExitCode}: {run.Error}");
        var line = Assert.Single(run.Error.Split('\n'), l => l.StartsWith("error: ", StringComparison.Ordinal));
        Assert.StartsWith($"error: {code}: ", line);
        Assert.Contains(message, line);
    }
}
