using System.CommandLine;
using FewShotCluster.Cli.Inputs;
using FewShotCluster.Cli.Output;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot shots remove ID [--class NAME_OR_ID]... [--key SHA256]... [--photo FILE]...</c></summary>
internal static class ShotsRemoveVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        var classes = new Option<string[]>("--class") { Description = "All shots of a class, by name or id; may be repeated." };
        var photos = new PhotoOptions();
        var write = new WriteOptions();
        var command = write.On(photos.On(new Command("remove", "Removes shots, by class or by content.") { id, classes }));
        return command.Runs(shared, async (call, token) =>
        {
            var keys = await photos.KeysAsync(call, token);
            var labels = call.Get(classes) ?? [];
            if (keys.Count + labels.Length == 0)
                throw new FewShotException(FewShotErrorCode.InvalidArgument, "no shots named: give --class, --key or --photo");
            await using var client = await call.ConnectAsync(token);
            var selection = new ShotSelection(await ClassLabels.IdsAsync(client, call.Get(id), labels, token), keys);
            var result = await client.RemoveShotsAsync(call.Get(id), selection, write.Of(call), token);
            call.Line($"{call.Get(id)}: version {result.Version}, {result.Shots} shots removed");
            await call.ReportAsync(result, Reports.Default.ShotsEdited);
            return ExitCodes.Done;
        });
    }
}
