using System.CommandLine;
using FewShotCluster.Cli.Output;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot class-set export ID FILE</c></summary>
internal static class ClassSetExportVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        var file = new Argument<string>("file") { Description = "File to write: a zip of a JSON manifest and NumPy arrays." };
        return new Command("export", "Writes a class set as one file.") { id, file }.Runs(shared, async (call, token) =>
        {
            var path = call.Get(file);
            OutputFile.Check("the export", path);
            await using var client = await call.ConnectAsync(token);
            var version = await ProgressView.RunAsync(call.Context, "exporting", report => OutputFile.WriteAsync(
                path, stream => client.ExportClassSetAsync(call.Get(id), stream, new Reporting<double>(report), token)));
            call.Line($"{version.ClassSetId}: version {version.Version} written to {path}");
            await call.ReportAsync(version, Reports.Default.ClassSetVersion);
            return ExitCodes.Done;
        });
    }
}
