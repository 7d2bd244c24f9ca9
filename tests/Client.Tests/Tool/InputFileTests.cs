using FewShotCluster.Cli.Inputs;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client.Tests.Tool;

public class InputFileTests
{
    private static IReadOnlyList<ClassDefinition> Classes(string content) => ClassFile.Parse(InputLines.Parse("classes.txt", content), "classes.txt");

    private static IReadOnlyList<ShotEntry> Shots(string content) => ShotList.Parse(InputLines.Parse("train.txt", content), "train.txt");

    [Fact]
    public void TheSeedsClassFileKeepsItsIdsAndOrder() => Assert.Equal(
        [new("Animal_Bear", 0), new("Thu-dog_pug", 250), new("Caltech-101_Face", 7)],
        Classes("Animal_Bear 0\nThu-dog_pug 250\r\nCaltech-101_Face\t7\n"));

    [Fact]
    public void NamesWithoutIdsMayHoldBlanksAndAnyScript() =>
        Assert.Equal([new("purple cat"), new("柴犬"), new("żółty ptak")], Classes("\uFEFFpurple cat\n\n  柴犬  \nżółty ptak"));

    [Fact]
    public void NamesWithIdsMayHoldBlanks() => Assert.Equal([new("spotted cat", 3), new("柴犬", 12)], Classes("spotted cat 3\n柴犬 12"));

    [Theory]
    [InlineData("", "no class names")]
    [InlineData("cat 0\ndog\n", "line 2: 'dog' has no id, line 1 has one")]
    [InlineData("cat 0\ncat 1", "line 2: the name 'cat' is on line 1 already")]
    [InlineData("cat 5\n\ndog 5", "line 3: the id '5' is on line 1 already")]
    [InlineData("cat\n cat ", "line 2: the name 'cat' is on line 1 already")]
    public void BadClassFilesSayWhereAndWhat(string content, string message)
    {
        var error = Assert.Throws<FewShotException>(() => Classes(content));
        Assert.Equal(FewShotErrorCode.InvalidArgument, error.Code);
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void ListsOfBothKindsAreUnderstood()
    {
        var entries = Shots("TrainSet/Animal/Bear/1.jpg 0\nmy photo.jpg 3\na,b.jpg,purple cat\nphotos/柴犬.jpg,12");
        Assert.Equal(["TrainSet/Animal/Bear/1.jpg", "my photo.jpg", "a,b.jpg", "photos/柴犬.jpg"], entries.Select(e => e.Path));
        Assert.Equal(["0", "3", "purple cat", "12"], entries.Select(e => e.Label));
        Assert.Equal([0, 3, 42, 12], entries.Select(e => e.ClassId(new Dictionary<string, int> { ["purple cat"] = 42 })));
    }

    [Fact]
    public void ALineTwiceCountsOnce() => Assert.Single(Shots("a.jpg,1\na.jpg,1"));

    [Theory]
    [InlineData(" \n", "lists no photos")]
    [InlineData("a.jpg", "line 1: 'a.jpg' is not 'path,label'")]
    [InlineData("a.jpg,1\n,2", "line 2: ',2' is not")]
    [InlineData("a.jpg,", "line 1: 'a.jpg,' is not")]
    [InlineData("a.jpg,1\na.jpg,2", "line 2: 'a.jpg' has label 2 here and 1 on line 1")]
    public void BadListsSayWhereAndWhat(string content, string message) =>
        Assert.Contains(message, Assert.Throws<FewShotException>(() => Shots(content)).Message);

    [Fact]
    public void AnUnknownLabelNamesItsLine() =>
        Assert.Contains("line 1: no class is called 'zebra'", Assert.Throws<FewShotException>(() => Shots("a.jpg,zebra")[0].ClassId(new Dictionary<string, int>())).Message);

    [Fact]
    public void AFamilyIsAPrefixOrAFileOfNames()
    {
        var classes = Classes("Thu-dog_pug 0\nThu-dog_husky 1\nAnimal_Cat 2");
        Assert.Equal(["dog", "dog", null], FamilyRule.Parse("dog=Thu-dog").Apply(classes).Select(c => c.Family));
        using var folder = new TemporaryFolder();
        var file = folder.Write("dogs.txt", "Thu-dog_husky\n");
        Assert.Equal([null, "dog", null], FamilyRule.Parse($"dog={file}").Apply(classes).Select(c => c.Family));
        var stray = folder.Write("stray.txt", "wolf\n");
        Assert.Contains("line 1: no class is called 'wolf'", Assert.Throws<FewShotException>(() => FamilyRule.Parse($"dog={stray}").Apply(classes)).Message);
    }

    [Theory]
    [InlineData("dog")]
    [InlineData("=x")]
    [InlineData("dog=")]
    [InlineData("dog=Nothing")]
    public void AFamilyThatMatchesNothingIsASlip(string rule) =>
        Assert.Throws<FewShotException>(() => FamilyRule.Parse(rule).Apply(Classes("cat 0")));

    [Fact]
    public void FilesThatAreNotUtf8AreRefused()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("latin1.txt", [(byte)'c', 0xE9, (byte)'t']);
        Assert.Contains("not UTF-8", Assert.Throws<FewShotException>(() => ClassFile.Read(path)).Message);
    }
}
