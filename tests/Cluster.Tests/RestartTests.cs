using FewShotCluster.Cluster.Tests.Processes;

namespace FewShotCluster.Cluster.Tests;

/// <summary>What was acknowledged is there after the node comes back, however it went.</summary>
public class RestartTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TheSameVersionAndAnswersComeBack(bool killed)
    {
        using var folder = new TemporaryFolder();
        long version;
        List<(int Id, double Score)> before;
        await using (var server = await ServerProcess.StartAsync(folder["data"]))
        {
            await using var client = await server.ConnectAsync();
            await client.CreateClassSetAsync("kept", Pictures.Definition);
            await client.AddShotsAsync("kept", Pictures.Shots);
            version = (await client.FitAsync("kept")).Version;
            before = await Pictures.AnswersAsync(client, "kept");
            if (killed) await server.KillAsync();
            else Assert.Equal(0, await server.StopAsync());
        }
        await using (var server = await ServerProcess.StartAsync(folder["data"]))
        {
            await using var client = await server.ConnectAsync();
            Assert.Equal(version, (await client.DescribeAsync("kept")).Version);
            var after = await Pictures.AnswersAsync(client, "kept");
            Assert.Equal(before.Select(a => a.Id), after.Select(a => a.Id));
            Assert.All(before.Zip(after), pair => Assert.Equal(pair.First.Score, pair.Second.Score, 1e-4));
        }
    }
}
