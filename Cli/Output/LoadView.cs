using System.Globalization;
using FewShotCluster.Load;
using Spectre.Console;

namespace FewShotCluster.Cli.Output;

/// <summary>The live line of a load on standard error: rewritten each second on a terminal, a plain line each tenth otherwise.</summary>
internal static class LoadView
{
    /// <param name="context">The streams.</param>
    /// <param name="plan">For the end of it.</param>
    /// <param name="work">Gets a function to report where the load stands.</param>
    public static Task<LoadReport> RunAsync(ToolContext context, LoadPlan plan, Func<Action<LoadProgress>, Task<LoadReport>> work)
    {
        if (!context.Interactive) return work(Lines(context, plan));
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(context.Error) });
        return console.Status().StartAsync("sending", status => work(progress => status.Status = Markup.Escape(Line(plan, progress))));
    }

    private static Action<LoadProgress> Lines(ToolContext context, LoadPlan plan)
    {
        var last = 0;
        return progress =>
        {
            var tenth = (int)(10 * progress.Elapsed / plan.Duration);
            if (Interlocked.Exchange(ref last, tenth) == tenth) return;
            context.Error.WriteLine(Line(plan, progress));
        };
    }

    private static string Line(LoadPlan plan, LoadProgress now) => string.Create(
        CultureInfo.InvariantCulture,
        $"{now.Elapsed.TotalSeconds:0} of {plan.Duration.TotalSeconds:0} s: {now.Sent} sent, {now.NotSent} left out, {now.InFlight} in flight, {now.Answered} answered, "
            + $"{now.Failed} failed, p50 {now.P50:0.0} ms, p99 {now.P99:0.0} ms");
}
