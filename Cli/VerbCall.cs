using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using FewShotCluster.Cli.Output;
using FewShotCluster.Client;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace FewShotCluster.Cli;

/// <summary>One invocation of a verb.</summary>
internal sealed class VerbCall(ParseResult parsed, SharedOptions shared)
{
    private readonly string? json = parsed.GetValue(shared.Json);

    public ToolContext Context => shared.Context;

    public T Get<T>(Argument<T> argument) => parsed.GetValue(argument)!;

    public T? Get<T>(Option<T> option) => parsed.GetValue(option);

    /// <param name="cancellationToken">Cancels the connecting.</param>
    /// <param name="maxRetries">Repetitions of a call; null: the SDK's usual number.</param>
    public Task<IFewShotClient> ConnectAsync(CancellationToken cancellationToken, int? maxRetries = null)
    {
        var gateways = parsed.GetRequiredValue(shared.Gateway).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var options = new FewShotClientOptions { Gateways = gateways };
        return Context.Connect(maxRetries is { } most ? options with { MaxRetries = most } : options, cancellationToken);
    }

    /// <summary>A line for people; left out where standard output carries JSON.</summary>
    public void Line(string text)
    {
        if (json != "-") Context.Output.WriteLine(text);
    }

    /// <summary>A table for people; left out where standard output carries JSON.</summary>
    public void Show(IRenderable view)
    {
        if (json != "-") AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Context.Output) }).Write(view);
    }

    /// <summary>Refuses a report file that could not be written, before the work begins.</summary>
    public void CheckReport()
    {
        if (json is not (null or "-")) OutputFile.Check("--json", json);
    }

    /// <summary>Writes the report where <c>--json</c> asks for it.</summary>
    public async Task ReportAsync<T>(T report, JsonTypeInfo<T> type)
    {
        if (json is null) return;
        var text = JsonSerializer.Serialize(report, type);
        if (json == "-") await Context.Output.WriteLineAsync(text);
        else OutputFile.Write(json, text + "\n");
    }
}
