using System.Net;
using System.Net.Sockets;
using FewShotCluster.Client.Connection;
using FewShotCluster.GrainInterfaces.Errors;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace FewShotCluster.Client.Tests;

public class OptionsTests
{
    public static TheoryData<string, Action<FewShotClientOptions>> Wrong => new()
    {
        { "Gateways", o => o.Gateways = [] },
        { "Gateways", o => o.Gateways = ["localhost"] },
        { "Gateways", o => o.Gateways = ["localhost:0"] },
        { "Gateways", o => o.Gateways = ["::1:30000"] },
        { "ClusterId", o => o.ClusterId = " " },
        { "ServiceId", o => o.ServiceId = "" },
        { "ConnectTimeout", o => o.ConnectTimeout = TimeSpan.Zero },
        { "ReadTimeout", o => o.ReadTimeout = TimeSpan.FromHours(2) },
        { "AttemptTimeout", o => o.AttemptTimeout = TimeSpan.FromMinutes(2) },
        { "MaxRetries", o => o.MaxRetries = 21 },
        { "RetryBudget", o => o.RetryBudget = double.NaN },
        { "RetryDelay", o => o.RetryDelay = TimeSpan.Zero },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public async Task WrongOptionsAreNamed(string option, Action<FewShotClientOptions> spoil)
    {
        var options = new FewShotClientOptions();
        spoil(options);
        var error = await Assert.ThrowsAsync<FewShotException>(() => FewShotClient.ConnectAsync(options));
        Assert.Equal(FewShotErrorCode.InvalidArgument, error.Code);
        Assert.Contains(option, error.Message);
        await using var provider = new ServiceCollection().AddFewShotClient(spoil).BuildServiceProvider();
        Assert.Contains(option, Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IFewShotClient>()).Message);
    }

    [Theory]
    [InlineData("127.0.0.1:30000", "127.0.0.1", 30000)]
    [InlineData("silo-0.fewshot.svc:1", "silo-0.fewshot.svc", 1)]
    [InlineData("[::1]:65535", "::1", 65535)]
    public void GatewaysAreParsed(string text, string host, int port) => Assert.Equal(new GatewayAddress(host, port), GatewayAddress.Parse(text));

    [Fact]
    public async Task TheContainersClientConnectsOnlyWhenCalled()
    {
        await using var provider = new ServiceCollection().AddFewShotClient(o => o.Gateways = ["127.0.0.1:1"]).BuildServiceProvider();
        Assert.Same(provider.GetRequiredService<IFewShotClient>(), provider.GetRequiredService<IFewShotClient>());
    }

    [Fact]
    public async Task AnUnreachableGatewayIsNamedWithWhatToCheck()
    {
        // A port that was free a moment ago and that nobody listens on.
        using var held = new TcpListener(IPAddress.Loopback, 0);
        held.Start();
        var gateway = held.LocalEndpoint.ToString()!;
        held.Stop();
        var error = await Assert.ThrowsAsync<FewShotException>(
            () => FewShotClient.ConnectAsync(new FewShotClientOptions { Gateways = [gateway], ConnectTimeout = TimeSpan.FromSeconds(5) }));
        Assert.Equal(FewShotErrorCode.DeviceUnavailable, error.Code);
        Assert.Contains(gateway, error.Message);
        Assert.Contains("Check that fewshotd is running", error.Message);
    }
}
