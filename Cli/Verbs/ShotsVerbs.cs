using System.CommandLine;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot shots ...</c></summary>
internal static class ShotsVerbs
{
    public static Command Create(SharedOptions shared) => new("shots", "Labelled photos of a class set.")
    {
        ShotsAddVerb.Create(shared),
        ShotsListVerb.Create(shared),
        ShotsMoveVerb.Create(shared),
        ShotsRemoveVerb.Create(shared),
    };
}
