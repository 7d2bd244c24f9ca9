using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Silo.Commands.Models;

namespace FewShotCluster.Cluster.Tests.Models;

/// <summary>What is asked before anything is downloaded.</summary>
public sealed class LicenceConsentTests
{
    private static readonly PublishedModel Free = PublishedModels.Models.Single(m => m.Name == "clip-vit-b32");
    private static readonly PublishedModel Restricted = PublishedModels.Models.Single(m => m.Name == "convnextv2-base");

    [Fact]
    public void AFreeLicenceIsToldNotAsked() => Assert.EndsWith("licence MIT\n", Obtain([Free], user: null));

    [Fact]
    public void ARestrictiveOneIsAcceptedByAnswer()
    {
        var said = Obtain([Free, Restricted], "y\n");
        Assert.Contains("licence CC BY-NC 4.0 (no commercial use)", said);
        Assert.EndsWith("[y/N] ", said);
    }

    [Fact]
    public void OrByOption() => Assert.DoesNotContain("[y/N]", Obtain([Restricted], user: null, accepted: true));

    [Theory]
    [InlineData("n\n")]
    [InlineData("\n")]
    [InlineData("")]
    [InlineData(null)]
    public void OrRefused(string? user)
    {
        var error = Assert.Throws<FewShotException>(() => Obtain([Free, Restricted], user));
        Assert.Equal(FewShotErrorCode.InvalidArgument, error.Code);
        Assert.Contains("nothing was downloaded", error.Message);
    }

    private static string Obtain(PublishedModel[] models, string? user, bool accepted = false)
    {
        var output = new StringWriter { NewLine = "\n" };
        LicenceConsent.Obtain(models, accepted, user is null ? null : new StringReader(user), output);
        return output.ToString();
    }
}
