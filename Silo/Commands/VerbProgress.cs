using System.Collections.Concurrent;
using Spectre.Console;

namespace FewShotCluster.Silo.Commands;

/// <summary>A progress bar per step on a terminal, one plain line per finished step elsewhere.</summary>
internal static class VerbProgress
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

    // A line at the end of each step; a long one also tells each quarter.
    private static Action<string, double> PlainLines(IAnsiConsole console)
    {
        var steps = new ConcurrentDictionary<string, PlainStep>();
        return (name, share) =>
        {
            if (steps.GetOrAdd(name, _ => new PlainStep()).Reached(share) is { } seconds)
                console.WriteLine(share >= 1 ? $"  {name}: {seconds:0.0} s" : $"  {name}: {100 * share:0} % after {seconds:0} s");
        };
    }

    private sealed class PlainStep
    {
        private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);
        private readonly long start = TimeProvider.System.GetTimestamp();
        private readonly Lock gate = new();
        private int quarters;

        /// <summary>Seconds since the step began, when its progress is worth a line.</summary>
        public double? Reached(double share)
        {
            lock (gate)
            {
                var reached = (int)(4 * Math.Min(share, 1));
                var elapsed = TimeProvider.System.GetElapsedTime(start);
                if (reached <= quarters || (reached < 4 && elapsed < Long)) return null;
                quarters = reached;
                return elapsed.TotalSeconds;
            }
        }
    }
}
