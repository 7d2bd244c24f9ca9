using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Load;

namespace FewShotCluster.Cli.Output;

/// <summary>Exit codes beside those of error codes (<see cref="FewShotErrorCodes.ExitCode"/>).</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int SomeFailed = 1;
    public const int Interrupted = 130;

    /// <summary>
    /// Lists what was left out, one line each and one closing error line. When no input at all could be used and all for one reason,
    /// the run failed for that reason; else it counts as "some inputs failed".
    /// </summary>
    public static int OfInputs(ToolContext context, IReadOnlyList<FailedInput> failed, int inputs)
    {
        if (failed.Count == 0) return Done;
        foreach (var one in failed) context.Error.WriteLine($"failed: {one.Source}: {one.Code}: {one.Message.ReplaceLineEndings(" ")}");
        var first = failed[0];
        var exit = Tool.Fail(context, first.Code, $"{failed.Count} of {inputs} inputs failed, first {first.Source}: {first.Message}");
        return failed.Count == inputs && failed.All(f => f.Code == first.Code) ? exit : SomeFailed;
    }

    /// <summary>As with inputs: failures count as "some", unless every request failed and all for one reason.</summary>
    public static int OfLoad(ToolContext context, LoadReport report)
    {
        if (report.Failed == 0) return Done;
        var most = Enum.Parse<FewShotErrorCode>(report.Errors.MaxBy(error => error.Value).Key);
        var exit = Tool.Fail(context, most, $"{report.Failed} of {report.Sent} requests failed: {LoadTable.Counts(report.Errors)}");
        return report.Answered == 0 && report.Errors.Count == 1 ? exit : SomeFailed;
    }
}
