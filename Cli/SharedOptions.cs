using System.CommandLine;

namespace FewShotCluster.Cli;

/// <summary>Options of every verb.</summary>
internal sealed class SharedOptions(ToolContext context)
{
    private const string GatewayVariable = "FEWSHOT_GATEWAY";

    public ToolContext Context { get; } = context;

    public Option<string> Gateway { get; } = new("--gateway")
    {
        Description = $"Gateway HOST:PORT, several with commas (environment: {GatewayVariable}).",
        Recursive = true,
        DefaultValueFactory = _ => context.Environment(GatewayVariable) is { Length: > 0 } set ? set : "127.0.0.1:30000",
    };

    public Option<string?> Json { get; } = new("--json")
    {
        Description = "Write the report as JSON to this file; '-' is standard output (and nothing else goes there).",
        Recursive = true,
    };

    public static Argument<string> ClassSetId() => new("id") { Description = "Id of the class set." };
}
