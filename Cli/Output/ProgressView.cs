using Spectre.Console;

namespace FewShotCluster.Cli.Output;

/// <summary>Progress on standard error: a bar on a terminal, plain lines otherwise (one each tenth).</summary>
internal static class ProgressView
{
    /// <param name="context">The streams.</param>
    /// <param name="title">What is going on.</param>
    /// <param name="work">Gets a function to report the done share, 0 to 1.</param>
    public static Task<T> RunAsync<T>(ToolContext context, string title, Func<Action<double>, Task<T>> work) =>
        context.Interactive ? BarAsync(context, title, work) : work(Lines(context, title));

    private static Task<T> BarAsync<T>(ToolContext context, string title, Func<Action<double>, Task<T>> work)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(context.Error) });
        return console.Progress().AutoClear(true).StartAsync(bar =>
        {
            var task = bar.AddTask(Markup.Escape(title), maxValue: 1);
            return work(share => task.Value = Math.Clamp(share, 0, 1));
        });
    }

    private static Action<double> Lines(ToolContext context, string title)
    {
        var last = -1;
        return share =>
        {
            var tenth = (int)(Math.Clamp(share, 0, 1) * 10);
            if (tenth <= last) return;
            last = tenth;
            context.Error.WriteLine($"{title}: {tenth * 10} %");
        };
    }
}

/// <summary>Reports on the caller's thread: <see cref="Progress{T}"/> would report after the work ended.</summary>
internal sealed class Reporting<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
