using System.CommandLine;
using System.Globalization;
using FewShotCluster.Cli.Batches;
using FewShotCluster.Cli.Inputs;
using FewShotCluster.Cli.Output;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.Classification;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot classify ID FILE... [--top 5] [--min-version V] [--deadline MS] [--explain]</c></summary>
internal static class ClassifyVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        var files = new Argument<string[]>("file") { Description = "Photos.", Arity = ArgumentArity.OneOrMore };
        var top = new Option<int>("--top") { Description = "Classes to print, best first.", DefaultValueFactory = _ => 5 };
        var version = new Option<long>("--min-version") { Description = "Answer from this version or a newer one." };
        var deadline = new Option<int?>("--deadline") { Description = "Milliseconds for each answer." };
        var explain = new Option<bool>("--explain") { Description = "Print what every stage said." };
        var command = new Command("classify", "Classifies photos.") { id, files, top, version, deadline, explain };
        return command.Runs(shared, async (call, token) =>
        {
            var options = new ClassifyOptions
            {
                Top = call.Get(top),
                MinimumVersion = call.Get(version),
                Deadline = call.Get(deadline) is { } ms ? TimeSpan.FromMilliseconds(ms) : null,
                Explain = call.Get(explain) ? ExplainMode.AllStages : ExplainMode.None,
            };
            await using var client = await call.ConnectAsync(token);
            var photos = call.Get(files).Select(file => new ImageFile(file, file)).ToList();
            var batch = new BatchClassifier(client, call.Get(id), options) { Answered = one => Print(call, one.File, one.Answer) };
            var report = await batch.RunAsync(photos, progress: null, token);
            await call.ReportAsync(report, Reports.Default.ClassifyReport);
            return ExitCodes.OfInputs(call.Context, report.Failed, photos.Count);
        });
    }

    private static void Print(VerbCall call, string file, ClassificationAnswer answer)
    {
        call.Line($"{file}: version {answer.Version}, {answer.Stage}{(answer.CacheHit ? ", cached" : "")}, {Number(answer.Timings.Total, "0.0")} ms");
        foreach (var one in answer.Top) call.Line($"  {Number(one.Probability, "0.0000")}\t{one.Id}\t{one.Name}");
        foreach (var stage in answer.Stages)
        {
            call.Line($"  {stage.Stage} (margin {Number(stage.Margin, "0.000")}; {stage.Basis})");
            foreach (var one in stage.Top) call.Line($"    {Number(one.Score, "0.000")}\t{one.Id}\t{one.Name}");
        }
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
