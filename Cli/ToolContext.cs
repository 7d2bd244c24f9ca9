using FewShotCluster.Client;

namespace FewShotCluster.Cli;

/// <summary>What the tool sees of the world: streams, whether somebody watches, and how a cluster is reached.</summary>
internal sealed record ToolContext(
    TextWriter Output,
    TextWriter Error,
    bool Interactive,
    Func<string, string?> Environment,
    Func<FewShotClientOptions, CancellationToken, Task<IFewShotClient>> Connect)
{
    public TimeProvider Time { get; init; } = TimeProvider.System;

    public static ToolContext Process() => new(
        Console.Out,
        Console.Error,
        !Console.IsErrorRedirected,
        System.Environment.GetEnvironmentVariable,
        async (options, token) => await FewShotClient.ConnectAsync(options, cancellationToken: token));
}
