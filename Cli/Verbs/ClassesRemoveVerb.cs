using System.CommandLine;
using FewShotCluster.Cli.Output;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot classes remove ID NAME...</c>: prints the new version.</summary>
internal static class ClassesRemoveVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        var names = new Argument<string[]>("name") { Description = "Names of the classes, all or none are removed.", Arity = ArgumentArity.OneOrMore };
        var write = new WriteOptions();
        var command = write.On(new Command("remove", "Removes classes with their shots; nothing answers them any more.") { id, names });
        return command.Runs(shared, async (call, token) =>
        {
            await using var client = await call.ConnectAsync(token);
            var version = await client.RemoveClassesAsync(call.Get(id), call.Get(names), write.Of(call), token);
            call.Line($"{version.ClassSetId}: version {version.Version}");
            await call.ReportAsync(version, Reports.Default.ClassSetVersion);
            return ExitCodes.Done;
        });
    }
}
