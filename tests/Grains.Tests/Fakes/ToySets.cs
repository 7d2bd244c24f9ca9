using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;

namespace FewShotCluster.Grains.Tests.Fakes;

/// <summary>What tests of class sets say often.</summary>
internal static class ToySets
{
    public static Shot[] Shots(params (int Class, string Colour, int Number)[] shots) =>
        [.. shots.Select(shot => new Shot($"{shot.Colour}-{shot.Number}", shot.Class, ToyImages.Of(shot.Colour, shot.Number)))];

    public static ContentKey Key(string colour, int number) => ContentKey.Of(ToyImages.Of(colour, number));

    /// <summary>Red and yellow of the refiner's family, blue and green beside it, two shots of all but green, fitted.</summary>
    public static async Task<long> Fitted(ToyCluster cluster)
    {
        ClassDefinition[] classes = [new("red", Family: "warm"), new("yellow", Family: "warm"), new("blue"), new("green")];
        var policy = new ClassSetPolicy { RefinerFamily = "warm", ProbePreset = ProbePreset.Gda };
        await cluster.Set().Create(new ClassSetDefinition { Classes = classes, Policy = policy }, "create", default);
        await cluster.Set().AddShots(
            Shots((0, "red", 1), (0, "red", 2), (1, "yellow", 1), (1, "yellow", 2), (2, "blue", 1), (2, "blue", 2)), "shots", default);
        var fit = await cluster.Fit(FitKind.Shots);
        Assert.True(fit.State == FitState.Published, fit.Reason);
        return fit.Version;
    }
}
