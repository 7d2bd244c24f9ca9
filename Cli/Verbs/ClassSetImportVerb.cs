using System.CommandLine;
using FewShotCluster.Cli.Output;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot class-set import FILE [--as ID]</c>: prints the new version.</summary>
internal static class ClassSetImportVerb
{
    public static Command Create(SharedOptions shared)
    {
        var file = new Argument<string>("file") { Description = "A file that 'class-set export' wrote." };
        var name = new Option<string?>("--as") { Description = "Id of the new class set; that of the exported one by default." };
        var write = new WriteOptions();
        return write.On(new Command("import", "Creates a class set from an exported file.") { file, name }).Runs(shared, async (call, token) =>
        {
            await using var source = File.OpenRead(call.Get(file));
            await using var client = await call.ConnectAsync(token);
            var version = await ProgressView.RunAsync(call.Context, "importing", report => client.ImportClassSetAsync(
                source, call.Get(name), write.Of(call), new Reporting<double>(report), token));
            call.Line($"{version.ClassSetId}: version {version.Version}");
            await call.ReportAsync(version, Reports.Default.ClassSetVersion);
            return ExitCodes.Done;
        });
    }
}
