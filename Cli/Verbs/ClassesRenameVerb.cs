using System.CommandLine;
using FewShotCluster.Cli.Output;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot classes rename ID NAME NEW-NAME [--prompt TEXT]</c>: prints the new version.</summary>
internal static class ClassesRenameVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        var name = new Argument<string>("name") { Description = "The class's name until now." };
        var newName = new Argument<string>("new-name") { Description = "Its name from now on." };
        var prompt = new Option<string?>("--prompt") { Description = "Full text instead of the templates with its name." };
        var write = new WriteOptions();
        var command = write.On(new Command("rename", "Gives a class another name; it keeps its id and its shots.") { id, name, newName, prompt });
        return command.Runs(shared, async (call, token) =>
        {
            await using var client = await call.ConnectAsync(token);
            var version = await client.RenameClassAsync(
                call.Get(id), call.Get(name), call.Get(newName), call.Get(prompt), write.Of(call), token);
            call.Line($"{version.ClassSetId}: version {version.Version}");
            await call.ReportAsync(version, Reports.Default.ClassSetVersion);
            return ExitCodes.Done;
        });
    }
}
