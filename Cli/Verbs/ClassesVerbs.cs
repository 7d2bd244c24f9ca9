using System.CommandLine;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot classes ...</c></summary>
internal static class ClassesVerbs
{
    public static Command Create(SharedOptions shared) => new("classes", "Names of a class set.")
    {
        ClassesAddVerb.Create(shared),
        ClassesRemoveVerb.Create(shared),
        ClassesRenameVerb.Create(shared),
    };
}
