using System.CommandLine;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Cli;

/// <summary>Options of every verb that writes.</summary>
internal sealed class WriteOptions
{
    private readonly Option<string?> operation = new("--operation")
    {
        Description = "Operation id: repeating the command with it does nothing twice.",
    };

    private readonly Option<long?> expected = new("--expected-version")
    {
        Description = "Refuse the write (exit code 5) unless this version is the published one.",
    };

    /// <summary>Adds them to a command.</summary>
    public Command On(Command command)
    {
        command.Add(operation);
        command.Add(expected);
        return command;
    }

    /// <summary>The operation that was asked for; null: a fresh one without expectations.</summary>
    public WriteOperation? Of(VerbCall call) => (call.Get(operation), call.Get(expected)) switch
    {
        (null, null) => null,
        var (id, version) => new WriteOperation(id ?? Guid.NewGuid().ToString("N"), version),
    };
}
