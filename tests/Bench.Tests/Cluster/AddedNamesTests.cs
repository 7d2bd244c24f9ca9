using FewShotCluster.Bench.Cluster;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Bench.Tests.Cluster;

public class AddedNamesTests
{
    private readonly AddedNames names = new(before: 2);

    public AddedNamesTests()
    {
        names.Acknowledge("a", 2);
        names.Acknowledge("c", 4);
    }

    [Fact]
    public void AWholeSetBreaksNothing() => Assert.Empty(names.Check(Set(4, "x", "y", "a", "not acknowledged", "c")));

    [Theory]
    [InlineData("version gap", 5, "x", "y", "a", "b", "c")]
    [InlineData("lost name: 'c'", 3, "x", "y", "a", "b")]
    [InlineData("duplicated name: 'a'", 5, "x", "y", "a", "b", "c", "a")]
    [InlineData("version gap: 'c'", 4, "x", "y", "a", "c", "b")]
    public void WhatIsBrokenIsNamed(string failure, long version, params string[] classes) =>
        Assert.Contains(names.Check(Set(version, classes)), found => found.StartsWith(failure, StringComparison.Ordinal));

    [Fact]
    public void AVersionAcknowledgedTwiceIsAGap()
    {
        names.Acknowledge("b", 4);
        Assert.Contains(names.Check(Set(4, "x", "y", "a", "b", "c")), f => f.StartsWith("version gap: version 4 was acknowledged 2 times", StringComparison.Ordinal));
    }

    [Fact]
    public void WhatACutTookIsForgotten()
    {
        Assert.Equal(1, names.ForgetAfter(3));
        Assert.Equal((1, false, true), (names.Count, names.IsAcknowledged("c"), names.IsAcknowledged("a")));
        Assert.Empty(names.Check(Set(3, "x", "y", "a", "b")));
    }

    private static ClassSetDescription Set(long version, params string[] classes) => new()
    {
        ClassSetId = "set",
        Version = version,
        Classes = [.. classes.Select((name, i) => new ClassDescription(i, name, null, 0, false))],
        Policy = new ClassSetPolicy(),
        Serving = new Dictionary<string, string>(),
        Fits = [],
    };
}
