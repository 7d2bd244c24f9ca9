using System.CommandLine;
using System.Globalization;
using System.Numerics;
using FewShotCluster.Cli.Inputs;
using FewShotCluster.Cli.Output;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Load;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot load ID --images DIR --rate R|--concurrency N --duration S [--deadline MS]</c></summary>
internal static class LoadVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        var images = new Option<string>("--images") { Description = "Folder of photos, sent in turn.", Required = true };
        var rate = new Option<double?>("--rate") { Description = "Open loop: requests a second, whatever the answers do." };
        var concurrency = new Option<int?>("--concurrency") { Description = "Closed loop: callers that each wait for their answer." };
        var duration = new Option<double>("--duration") { Description = "Seconds of sending.", Required = true };
        var deadline = new Option<int?>("--deadline") { Description = "Milliseconds for each answer, from the intended send time." };
        var most = new Option<int>("--max-in-flight")
        {
            Description = "Open loop: requests in flight beyond which requests are left out (and counted).",
            DefaultValueFactory = _ => 10_000,
        };
        var unique = new Option<bool>("--unique") { Description = "Make every photo's bytes its own, so that none is answered from a cache." };
        var learn = new Option<bool>("--learn") { Description = "Let the class set learn from the photos." };
        var noRetry = new Option<bool>("--no-retry") { Description = "Count failures as they come, without the SDK's repetitions." };
        var command = new Command("load", "Makes open- or closed-loop load and measures it.")
        {
            id, images, rate, concurrency, duration, deadline, most, unique, learn, noRetry,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(rate) is null == result.GetResult(concurrency) is null)
                result.AddError("give either --rate (open loop) or --concurrency (closed loop)");
        });
        return command.Runs(shared, async (call, token) =>
        {
            var seconds = TimeSpan.FromSeconds(Within("--duration", call.Get(duration), 0.001, 86_400));
            var loop = call.Get(rate) is { } wanted
                ? LoadPlan.Open(Within("--rate", wanted, 0.001, 1e6), seconds)
                : LoadPlan.Closed(Within("--concurrency", call.Get(concurrency)!.Value, 1, 10_000), seconds);
            var plan = loop with
            {
                Deadline = call.Get(deadline) is { } ms ? TimeSpan.FromMilliseconds(Within("--deadline", ms, 1, 3_600_000)) : null,
                MaxInFlight = Within("--max-in-flight", call.Get(most), 1, 1_000_000),
            };
            var photos = await LoadPhotos.ReadAsync(call.Context, call.Get(images)!, token);
            await using var client = await call.ConnectAsync(token, call.Get(noRetry) ? 0 : null);
            // Known before the load begins, not counted a thousand times.
            var set = await client.DescribeAsync(call.Get(id), token);
            var options = new ClassifyOptions { Learn = call.Get(learn) };
            var send = LoadGenerator.Classify(client, set.ClassSetId, new PhotoSource(photos, call.Get(unique)), options);
            var report = await LoadView.RunAsync(
                call.Context, plan, progress => new LoadGenerator(plan, send, call.Context.Time) { Progress = progress }.RunAsync(token));
            call.Show(LoadTable.Of(report));
            await call.ReportAsync(report, Reports.Default.LoadReport);
            return ExitCodes.OfLoad(call.Context, report);
        });
    }

    private static T Within<T>(string option, T value, T least, T most) where T : INumber<T> => value >= least && value <= most
        ? value
        : throw new FewShotException(
            FewShotErrorCode.InvalidArgument, string.Create(CultureInfo.InvariantCulture, $"{option} {value}: allowed are {least} to {most}"));
}
