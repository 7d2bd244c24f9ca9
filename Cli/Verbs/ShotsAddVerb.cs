using System.CommandLine;
using FewShotCluster.Cli.Inputs;
using FewShotCluster.Cli.Output;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot shots add ID --from LIST --images DIR [--per-class N [--seed S] [--rest FILE]]</c></summary>
internal static class ShotsAddVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        var from = new Option<string>("--from") { Description = "List of 'path,label' or 'path label'; a label is a class id or name.", Required = true };
        var images = new Option<string>("--images") { Description = "Folder that the paths are relative to.", Required = true };
        var perClass = new Option<int?>("--per-class") { Description = "Draw this many photos of each label from the list, and add those alone." };
        var seed = new Option<int>("--seed") { Description = "Of the draw: the same seed draws the same photos.", DefaultValueFactory = _ => 1 };
        var rest = new Option<string?>("--rest") { Description = "Write the lines that were not drawn to this file, 'path,label'." };
        var write = new WriteOptions();
        var command = write.On(new Command("add", "Adds labelled photos.") { id, from, images, perClass, seed, rest });
        return command.Runs(shared, async (call, token) =>
        {
            var entries = ShotList.Read(call.Get(from)!);
            if (call.Get(rest) is { } file) OutputFile.Check("--rest", file);
            if (call.Get(perClass) is { } count)
            {
                (entries, var left) = FewShotSample.Draw(entries, count, call.Get(seed));
                if (call.Get(rest) is { } path) OutputFile.Write(path, string.Concat(left.Select(entry => $"{entry.Path},{entry.Label}\n")));
            }
            else if (call.Get(rest) is not null)
            {
                throw new FewShotException(FewShotErrorCode.InvalidArgument, "--rest goes with --per-class");
            }
            await using var client = await call.ConnectAsync(token);
            var photos = await LabelledPhotos.OfAsync(client, call.Get(id), entries, call.Get(images)!, token);
            var result = await ProgressView.RunAsync(call.Context, "adding shots", report => client.AddShotsAsync(
                call.Get(id),
                photos.ReadAsync(token),
                write.Of(call),
                progress: new Reporting<ShotsProgress>(p => report((double)(p.Sent + photos.Unreadable.Count) / photos.Count)),
                cancellationToken: token));
            result = result with { Failed = [.. photos.Unreadable, .. result.Failed] };
            call.Line($"{call.Get(id)}: version {result.Version}, {result.Added} added, {result.Duplicates} duplicates, {result.Failed.Count} failed");
            await call.ReportAsync(result, Reports.Default.AddShotsResult);
            return ExitCodes.OfInputs(call.Context, result.Failed, photos.Count);
        });
    }
}
