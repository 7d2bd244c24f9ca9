using System.CommandLine;
using System.CommandLine.Invocation;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Silo.Hosting;

namespace FewShotCluster.Silo.Commands;

/// <summary>Runs one verb of <c>fewshotd</c>: the first is the default, and every failure is one error line and an exit code.</summary>
internal static class CommandRunner
{
    public const int Interrupted = 130;

    public static async Task<int> RunAsync(string[] args, params Command[] verbs)
    {
        var root = new RootCommand("The FewShotCluster server.");
        foreach (var verb in verbs) root.Add(verb);
        var parsed = root.Parse(WithDefault(args, verbs[0]));
        if (parsed.Action is ParseErrorAction)
            return Fail(new FewShotException(FewShotErrorCode.InvalidArgument, string.Join("; ", parsed.Errors.Select(e => e.Message)) + " (see --help)"));
        try
        {
            // The host listens to the signals itself: it drains before it stops.
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (OperationCanceledException)
        {
            return Interrupted;
        }
        catch (Exception e)
        {
            return Fail(StartupFailure.Translate(e));
        }
    }

    /// <summary>Writes the one error line.</summary>
    public static int Fail(FewShotException failure)
    {
        Console.Error.WriteLine($"error: {failure.Code}: {failure.Message.ReplaceLineEndings(" ")}");
        return failure.Code.ExitCode();
    }

    // 'fewshotd --data DIR' is 'fewshotd serve --data DIR'; help and version stay the program's.
    private static string[] WithDefault(string[] args, Command verb) =>
        args.Length == 0 || (args[0].StartsWith('-') && args[0] is not ("-h" or "-?" or "--help" or "--version")) ? [verb.Name, .. args] : args;
}
