using System.CommandLine;
using System.CommandLine.Invocation;
using FewShotCluster.Cli.Output;
using FewShotCluster.Cli.Verbs;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli;

/// <summary>The program <c>fewshot</c>: composes its verbs, and turns every way a verb can end into one exit code.</summary>
internal static class Tool
{
    /// <param name="args">The command line.</param>
    /// <param name="context">Streams and the way to a cluster.</param>
    /// <param name="cancellationToken">Ends the verb as Ctrl-C does, which it is joined with.</param>
    public static async Task<int> RunAsync(string[] args, ToolContext context, CancellationToken cancellationToken = default)
    {
        var shared = new SharedOptions(context);
        var root = new RootCommand("Class sets, shots and classification on a running FewShotCluster.")
        {
            ClassSetVerbs.Create(shared),
            ClassesVerbs.Create(shared),
            ShotsVerbs.Create(shared),
            FitVerb.Create(shared),
            RefineVerb.Create(shared),
            ClassifyVerb.Create(shared),
            PredictVerb.Create(shared),
            EvaluateVerb.Create(shared),
            LoadVerb.Create(shared),
            StatusVerb.Create(shared),
            WatchVerb.Create(shared),
            shared.Gateway,
            shared.Json,
        };
        var parsed = root.Parse(args);
        if (parsed.Action is ParseErrorAction)
            return Fail(context, FewShotErrorCode.InvalidArgument, string.Join("; ", parsed.Errors.Select(e => e.Message)) + " (see --help)");
        var configuration = new InvocationConfiguration { Output = context.Output, Error = context.Error, EnableDefaultExceptionHandler = false };
        return await parsed.InvokeAsync(configuration, cancellationToken);
    }

    /// <summary>Gives a command its action: one error line and the code's exit status, whatever happens.</summary>
    public static Command Runs(this Command command, SharedOptions shared, Func<VerbCall, CancellationToken, Task<int>> action)
    {
        var context = shared.Context;
        command.SetAction(async (parsed, token) =>
        {
            try
            {
                var call = new VerbCall(parsed, shared);
                call.CheckReport();
                return await action(call, token);
            }
            catch (FewShotException e)
            {
                return Fail(context, e.Code, e.Message);
            }
            catch (OperationCanceledException)
            {
                context.Error.WriteLine("cancelled");
                return ExitCodes.Interrupted;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return Fail(context, FewShotErrorCode.InvalidArgument, e.Message);
            }
            catch (Exception e)
            {
                return Fail(context, FewShotErrorCode.Internal, $"{e.GetType().Name}: {e.Message}");
            }
        });
        return command;
    }

    public static int Fail(ToolContext context, FewShotErrorCode code, string message)
    {
        context.Error.WriteLine($"error: {code}: {message.ReplaceLineEndings(" ")}");
        return code.ExitCode();
    }
}
