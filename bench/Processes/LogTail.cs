namespace FewShotCluster.Bench.Processes;

/// <summary>The last lines that a child process wrote, for the message when it fails.</summary>
internal sealed class LogTail
{
    private const int Most = 40;
    private readonly Queue<string> lines = new();

    public void Add(string? line)
    {
        if (string.IsNullOrWhiteSpace(line)) return;
        lock (lines)
        {
            lines.Enqueue(line);
            if (lines.Count > Most) lines.Dequeue();
        }
    }

    public override string ToString()
    {
        lock (lines) return string.Join(" | ", lines);
    }
}
