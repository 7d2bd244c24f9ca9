using System.CommandLine;
using FewShotCluster.Bench.Cluster;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Silo.Hosting;

namespace FewShotCluster.Silo.Commands.Bench;

/// <summary><c>fewshotd bench cluster</c>: trials of whole clusters, whose nodes are processes of this program. Exit 1: something failed that must not.</summary>
internal static class BenchCluster
{
    public static Command Create() => new("cluster", "Tries clusters of real processes: kills, overload, caches, overhead, faults.")
    {
        Kill(), HotAdd(), Visibility(), Overload(), Cache(), Overhead(), Faults(),
    };

    private static Command Kill()
    {
        var (duration, nodes) = (Seconds("--duration", "Of the load; the kill is at a third, the replacement starts at a half.", 60), NumberOption.Usual("--nodes", "Silos.", 3, 2, 9));
        return Trial("kill", "Kills one of three silos with Redis under load.", [duration, nodes], parsed => (trial, stop) =>
            new KillTrial(trial, new(Span(parsed, duration)) { Nodes = parsed.GetValue(nodes) }).RunAsync(stop));
    }

    private static Command HotAdd()
    {
        var store = new Option<string>("--store") { Description = "Where class sets are stored.", DefaultValueFactory = _ => "sqlite" };
        store.AcceptOnlyFromAmong("sqlite", "redis");
        var (adds, kills) = (BenchOptions.Count("--adds", "Names.", 1000), NumberOption.Usual("--kills", "Kills of the silo that holds the class set.", 20, 0, 1000));
        var damage = new Option<bool>("--damage-log") { Description = "SQLite: damage the write-ahead log after each kill." };
        var seed = NumberOption.Usual("--seed", "Moments and bytes.", 1, 0, int.MaxValue);
        var command = Trial("hot-add", "Adds names while the silo that holds them is killed.", [store, adds, kills, damage, seed], parsed => (trial, stop) =>
            new HotAddTrial(trial, new(Enum.Parse<TrialStore>(parsed.GetValue(store)!, ignoreCase: true), parsed.GetValue(adds), parsed.GetValue(kills))
            {
                DamageLog = parsed.GetValue(damage),
                Seed = parsed.GetValue(seed),
            }).RunAsync(stop));
        command.Validators.Add(result =>
        {
            if (result.GetValue(damage) && result.GetValue(store) == "redis") result.AddError("--damage-log belongs to --store sqlite");
        });
        return command;
    }

    private static Command Visibility()
    {
        var (adds, classes) = (BenchOptions.Count("--adds", "Names added and asked for.", 300), BenchOptions.Count("--classes", "Names of the class set before.", 1000));
        return Trial("visibility", "Adds names through one node and asks another.", [adds, classes], parsed => (trial, stop) =>
            new VisibilityTrial(trial, new(parsed.GetValue(adds)) { Classes = parsed.GetValue(classes) }).RunAsync(stop));
    }

    private static Command Overload()
    {
        var (duration, deadline) = (Seconds("--duration", "Of the overload; the loads at capacity take half of it.", 60), NumberOption.Usual("--deadline", "Milliseconds.", 500, 1, 60_000));
        return Trial("overload", "Sends twice what a node can answer, then callers that go away.", [duration, deadline], parsed => (trial, stop) =>
            new OverloadTrial(trial, new(Span(parsed, duration)) { Deadline = TimeSpan.FromMilliseconds(parsed.GetValue(deadline)) }).RunAsync(stop));
    }

    private static Command Cache()
    {
        var (duration, callers) = (Seconds("--duration", "Of each of the two loads.", 20), NumberOption.Usual("--callers", "At full load.", 16, 1, 1024));
        return Trial("cache", "Sends photos whose features are cached.", [duration, callers], parsed => (trial, stop) =>
            new CacheTrial(trial, new(Span(parsed, duration)) { Callers = parsed.GetValue(callers) }).RunAsync(stop));
    }

    private static Command Overhead()
    {
        var pairs = NumberOption.Usual("--pairs", "Single calls of each kind on null models of 1 ms; 0: none.", 3000, 0, 1_000_000);
        var rounds = NumberOption.Usual("--rounds", "Saturated turns of each kind at true sizes; 0: none.", 7, 0, 1000);
        var images = NumberOption.Usual("--images", "Of such a turn.", 160, 32, 100_000);
        return Trial("overhead", "Compares the SDK's way through a node with the bare device worker.", [pairs, rounds, images], parsed => (trial, stop) =>
            new OverheadTrial(trial, new(parsed.GetValue(pairs), parsed.GetValue(rounds), Path.Combine(NodeSettings.DemoModels, "merges.txt"))
            {
                Images = parsed.GetValue(images),
            }).RunAsync(stop));
    }

    private static Command Faults()
    {
        var (duration, outage) = (Seconds("--duration", "Of the load; Redis is gone from two fifths on.", 60), Seconds("--outage", "How long Redis is gone.", 20));
        return Trial("faults", "Fails two devices in turn, then Redis, under load.", [duration, outage], parsed => (trial, stop) =>
            new FaultsTrial(trial, new(Span(parsed, duration)) { Outage = Span(parsed, outage) }).RunAsync(stop));
    }

    private static Option<double> Seconds(string name, string description, double usual) =>
        NumberOption.Usual(name, $"Seconds. {description}", usual, 0.1, 86_400);

    private static TimeSpan Span(ParseResult parsed, Option<double> seconds) => TimeSpan.FromSeconds(parsed.GetValue(seconds));

    private static Command Trial(
        string name, string description, IEnumerable<Option> options,
        Func<ParseResult, Func<TrialCluster, CancellationToken, Task<TrialResult>>> bind)
    {
        var json = LocalVerb.JsonOption();
        var models = new Option<string>("--models")
        {
            Description = "Folder of the models that the nodes serve; by default the demo's.",
            DefaultValueFactory = _ => NodeSettings.DemoModels,
        };
        var command = new Command(name, description) { models, json };
        foreach (var option in options) command.Add(option);
        command.SetAction((parsed, token) => RunAsync(parsed.GetValue(models)!, parsed.GetValue(json), bind(parsed), token));
        return command;
    }

    private static async Task<int> RunAsync(
        string models, string? json, Func<TrialCluster, CancellationToken, Task<TrialResult>> run, CancellationToken cancellationToken)
    {
        OutputFile.Check("--json", json);
        var result = await LocalVerb.RunTaskAsync(json, async (progress, stop) =>
        {
            await using var trial = new TrialCluster(Path.GetFullPath(models), TrialPhotos.Drawn(), progress);
            return await run(trial, stop);
        }, cancellationToken);
        return TrialReport.Print(result, json);
    }
}
