using System.CommandLine;
using FewShotCluster.Cli.Inputs;
using FewShotCluster.Cli.Output;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot shots move ID --to NAME_OR_ID [--from-class NAME_OR_ID] [--key SHA256]... [--photo FILE]...</c></summary>
internal static class ShotsMoveVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        var to = new Option<string>("--to") { Description = "The class they are of, by name or id.", Required = true };
        var from = new Option<string?>("--from-class") { Description = "The class they were of; needed where several have the photo." };
        var photos = new PhotoOptions();
        var write = new WriteOptions();
        var command = write.On(photos.On(new Command("move", "Gives shots another label.") { id, to, from }));
        return command.Runs(shared, async (call, token) =>
        {
            var keys = await photos.KeysAsync(call, token);
            if (keys.Count == 0) throw new FewShotException(FewShotErrorCode.InvalidArgument, "no shots named: give --key or --photo");
            await using var client = await call.ConnectAsync(token);
            string[] labels = [call.Get(to)!, .. call.Get(from) is { } given ? new[] { given } : []];
            var ids = await ClassLabels.IdsAsync(client, call.Get(id), labels, token);
            int? fromId = ids.Count > 1 ? ids[1] : null;
            var moves = keys.Select(key => new ShotMove(key, ids[0], fromId)).ToList();
            var result = await client.MoveShotsAsync(call.Get(id), moves, write.Of(call), token);
            call.Line($"{call.Get(id)}: version {result.Version}, {result.Shots} shots moved");
            await call.ReportAsync(result, Reports.Default.ShotsEdited);
            return ExitCodes.Done;
        });
    }
}
