using System.CommandLine;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot class-set ...</c></summary>
internal static class ClassSetVerbs
{
    public static Command Create(SharedOptions shared) => new("class-set", "Class sets: named, versioned lists of classes.")
    {
        ClassSetCreateVerb.Create(shared),
        ClassSetShowVerb.Create(shared),
        ClassSetListVerb.Create(shared),
        ClassSetHistoryVerb.Create(shared),
        ClassSetRollbackVerb.Create(shared),
        ClassSetExportVerb.Create(shared),
        ClassSetImportVerb.Create(shared),
        ClassSetDeleteVerb.Create(shared),
    };
}
