using System.CommandLine;
using FewShotCluster.Cli.Inputs;
using FewShotCluster.Cli.Output;
using FewShotCluster.Client;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot shots add ID --from LIST --images DIR</c></summary>
internal static class ShotsAddVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        var from = new Option<string>("--from") { Description = "List of 'path,label' or 'path label'; a label is a class id or name.", Required = true };
        var images = new Option<string>("--images") { Description = "Folder that the paths are relative to.", Required = true };
        var write = new WriteOptions();
        return write.On(new Command("add", "Adds labelled photos.") { id, from, images }).Runs(shared, async (call, token) =>
        {
            var entries = ShotList.Read(call.Get(from)!);
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
