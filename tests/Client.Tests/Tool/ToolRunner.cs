using System.Text.Json;
using FewShotCluster.Cli;

namespace FewShotCluster.Client.Tests.Tool;

/// <summary>Runs the tool in this process and keeps what the last run wrote.</summary>
internal sealed class ToolRunner(Func<IFewShotClient> client, TimeProvider? time = null)
{
    private LockedWriter output = new();
    private LockedWriter error = new();

    public string Output => output.ToString();

    public string Error => error.ToString();

    public JsonElement Report => JsonDocument.Parse(Output).RootElement;

    /// <summary>What the report lists as failed.</summary>
    public IEnumerable<(string? Source, string? Code)> Failed => Report.GetProperty("failed").EnumerateArray()
        .Select(f => (f.GetProperty("source").GetString(), f.GetProperty("code").GetString()));

    public Dictionary<string, string?> Environment { get; } = [];

    public FewShotClientOptions? Connected { get; private set; }

    public Task<int> RunAsync(params string[] args) => RunAsync(args, CancellationToken.None);

    /// <summary>The token stands for Ctrl-C.</summary>
    public Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        (output, error) = (new LockedWriter(), new LockedWriter());
        var context = new ToolContext(output, error, false, Environment.GetValueOrDefault, (options, _) =>
        {
            Connected = options;
            return Task.FromResult(client());
        })
        {
            Time = time ?? TimeProvider.System,
        };
        return Cli.Tool.RunAsync(args, context, cancellationToken);
    }

    /// <summary>Read while the tool writes.</summary>
    private sealed class LockedWriter : StringWriter
    {
        private readonly Lock gate = new();

        public override void Write(char value)
        {
            lock (gate) base.Write(value);
        }

        public override void Write(char[] buffer, int index, int count)
        {
            lock (gate) base.Write(buffer, index, count);
        }

        public override void Write(ReadOnlySpan<char> buffer)
        {
            lock (gate) base.Write(buffer);
        }

        public override void Write(string? value)
        {
            lock (gate) base.Write(value);
        }

        public override string ToString()
        {
            lock (gate) return base.ToString();
        }
    }
}
