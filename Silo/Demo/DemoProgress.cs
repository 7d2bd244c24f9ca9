using System.Collections.Concurrent;
using Spectre.Console;

namespace FewShotCluster.Silo.Demo;

/// <summary>A progress bar per step on a terminal, one plain line per finished step elsewhere.</summary>
internal static class DemoProgress
{
    public static async Task<T> ShowAsync<T>(IAnsiConsole console, Func<Action<string, double>, Task<T>> work)
    {
        if (!console.Profile.Capabilities.Interactive || !console.Profile.Out.IsTerminal) return await work(PlainLines(console));

        return await console.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(context =>
            {
                var bars = new ConcurrentDictionary<string, ProgressTask>();
                return work((step, share) => bars.GetOrAdd(step, name => context.AddTask(Markup.Escape(name), maxValue: 1)).Value = share);
            });
    }

    private static Action<string, double> PlainLines(IAnsiConsole console)
    {
        var started = new ConcurrentDictionary<string, DateTime>();
        var done = new ConcurrentDictionary<string, bool>();
        return (step, share) =>
        {
            var start = started.GetOrAdd(step, _ => TimeProvider.System.GetUtcNow().UtcDateTime);
            if (share >= 1 && done.TryAdd(step, true))
                console.WriteLine($"  {step}: {(TimeProvider.System.GetUtcNow().UtcDateTime - start).TotalSeconds:0.0} s");
        };
    }
}
