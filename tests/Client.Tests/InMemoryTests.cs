using FewShotCluster.Client.Testing;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client.Tests;

public class InMemoryTests
{
    private static async Task<InMemoryFewShotClient> Pets(Func<ReadOnlyMemory<byte>, string?>? recognise = null)
    {
        var client = new InMemoryFewShotClient(recognise);
        await client.CreateClassSetAsync("pets", new ClassSetDefinition { Classes = [new("cat"), new("dog", 7)] });
        return client;
    }

    [Fact]
    public async Task AFunctionOrFixedAnswersSayWhatIsOnAPhoto()
    {
        var client = await Pets(image => image.Span[0] == 1 ? "dog" : "cat");
        client.Answer(new byte[] { 9 }, "dog");
        Assert.Equal(7, (await client.ClassifyAsync("pets", new byte[] { 1 })).Top[0].Id);
        Assert.Equal("cat", (await client.ClassifyAsync("pets", new byte[] { 2 })).Top[0].Name);
        Assert.Equal("dog", (await client.ClassifyAsync("pets", new byte[] { 9 })).Top[0].Name);
    }

    [Fact]
    public async Task VersionsGrowAndAreAskedFor()
    {
        var client = await Pets();
        Assert.Equal(2, (await client.AddClassesAsync("pets", [new("bird")])).Version);
        Assert.Equal(2, (await client.ClassifyAsync("pets", new byte[1], new ClassifyOptions { MinimumVersion = 2 })).Version);
        var error = await Assert.ThrowsAsync<FewShotException>(
            () => client.ClassifyAsync("pets", new byte[1], new ClassifyOptions { MinimumVersion = 3 }));
        Assert.Equal(FewShotErrorCode.VersionNotReached, error.Code);
    }

    [Fact]
    public async Task OperationIdsMakeWritesIdempotentAndNamesAreUnique()
    {
        var client = await Pets();
        Assert.Equal(2, (await client.AddClassesAsync("pets", [new("bird")], "op")).Version);
        Assert.Equal(2, (await client.AddClassesAsync("pets", [new("bird")], "op")).Version);
        var error = await Assert.ThrowsAsync<FewShotException>(() => client.AddClassesAsync("pets", [new("fish"), new("bird")]));
        Assert.Equal(FewShotErrorCode.Conflict, error.Code);
        Assert.Equal(3, (await client.DescribeAsync("pets")).Classes.Count);
    }

    [Fact]
    public async Task ShotsOfStreamsCountDuplicatesAndFailures()
    {
        var client = await Pets();
        Shot[] shots = [new("a", 0, [1]), new("b", 0, [1]), new("c", 7, []), new("d", 7, [1])];
        var result = await client.AddShotsAsync("pets", shots.ToAsyncEnumerable());
        Assert.Equal((2, 1, 1), (result.Added, result.Duplicates, result.Failed.Count));
        Assert.Equal([1, 1], (await client.DescribeAsync("pets")).Classes.Select(c => c.Shots));
        Assert.Equal(new ClassSetSummary("pets", 2, 2, 2), Assert.Single(await client.ListAsync()));
    }

    [Fact]
    public async Task FailuresCanBeArranged()
    {
        var client = await Pets();
        client.FailNext(new FewShotException(FewShotErrorCode.Overloaded, "full"));
        var items = new[] { new ClassifyItem("a", new byte[1]), new ClassifyItem("b", new byte[1]) }.ToAsyncEnumerable();
        var outcomes = await client.ClassifyManyAsync("pets", items).ToListAsync();
        Assert.Equal(FewShotErrorCode.Overloaded, outcomes[0].Error!.Code);
        Assert.NotNull(outcomes[1].Answer);
    }
}
