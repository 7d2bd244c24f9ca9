using System.Diagnostics;
using System.Globalization;

namespace FewShotCluster.Bench.Robustness;

/// <summary>
/// Supervises the process that runs the cases: a crash or a hang is written down with its number, and a new process goes on behind it.
/// </summary>
public sealed class FuzzRun
{
    /// <summary>The only file that may be there afterwards.</summary>
    internal const string CaseFile = "case";

    // Heaps widen with the largest case; 3 KB lost a case pass this within the usual ten thousand.
    private const long MostGrowth = 24L << 20;
    private readonly ulong seed;
    private readonly int cases;
    private readonly TimeSpan limit;
    private readonly Func<int, string, ProcessStartInfo> worker;
    private readonly List<FuzzFailure> failures = [];
    private int accepted, refused, next;
    private double? growth;
    private long grown;

    /// <param name="seed">For the report.</param>
    /// <param name="cases">How many; the first is 0.</param>
    /// <param name="limit">What a case may take.</param>
    /// <param name="worker">Of the first case and a folder, which is also the process's own: how to start <see cref="FuzzWorker"/>.</param>
    public FuzzRun(ulong seed, int cases, TimeSpan limit, Func<int, string, ProcessStartInfo> worker) =>
        (this.seed, this.cases, this.limit, this.worker) = (seed, cases, limit, worker);

    /// <summary>Runs all cases; blocks the calling thread.</summary>
    /// <param name="progress">Gets the share done.</param>
    /// <param name="cancellationToken">Ends the worker too.</param>
    public FuzzReport Run(Action<double> progress, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var folder = Directory.CreateTempSubdirectory("fewshot-fuzz-").FullName;
        try
        {
            while (next < cases)
            {
                RunWorker(folder, progress, cancellationToken);
                cancellationToken.ThrowIfCancellationRequested();
            }
            foreach (var file in Directory.EnumerateFileSystemEntries(folder).Where(f => Path.GetFileName(f) != CaseFile))
                failures.Add(new FuzzFailure(-1, "file", $"'{Path.GetFileName(file)}' was written"));
            if (grown > MostGrowth)
                failures.Add(new FuzzFailure(-1, "memory", $"resident memory grew by {grown >> 20} MiB after the first thousand cases"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        return new FuzzReport(seed, cases, accepted, refused, growth, Stopwatch.GetElapsedTime(start).TotalSeconds, failures);
    }

    private void RunWorker(string folder, Action<double> progress, CancellationToken cancellationToken)
    {
        var info = worker(next, folder);
        (info.RedirectStandardOutput, info.RedirectStandardError, info.RedirectStandardInput) = (true, true, true);
        info.WorkingDirectory = folder;
        // What a leak could hide in: the pool keeps arrays of the largest pictures, and methods are compiled again as they are used more.
        info.Environment["DOTNET_GCHighMemPercent"] = "1";
        info.Environment["DOTNET_TieredCompilation"] = "0";
        using var process = Process.Start(info) ?? throw new InvalidOperationException($"{info.FileName} did not start");
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var (first, running, hung) = (next, (int?)null, false);
        long? afterThousand = null;
        // The start of the process, which makes the seeds, has ten times a case's time.
        using var watchdog = new Timer(_ => { hung = true; process.Kill(); }, null, 10 * limit, Timeout.InfiniteTimeSpan);
        using var cancelled = cancellationToken.Register(process.Kill);
        while (process.StandardOutput.ReadLine() is { } line)
        {
            watchdog.Change(limit, Timeout.InfiniteTimeSpan);
            if (line.Split(' ', 4) is not [var what, var number, .. var rest]) continue;
            var at = int.Parse(number, CultureInfo.InvariantCulture);
            if (what == FuzzWorker.Begin) running = at;
            if (what == FuzzWorker.End) (running, next) = (null, at + 1);
            if (what == FuzzWorker.End) Count(at, rest[0], rest[^1]);
            if (what == FuzzWorker.Resident) Measure(first, at, long.Parse(rest[0], CultureInfo.InvariantCulture), ref afterThousand);
            progress((double)next / cases);
        }
        process.WaitForExit();
        if (next >= cases || cancellationToken.IsCancellationRequested) return;
        if (running is null && next == first)
            throw new InvalidOperationException($"the worker ended with {process.ExitCode} before its first case: {errors.Result.Trim()}");
        failures.Add(new FuzzFailure(next, hung ? "hang" : "crash", hung
            ? $"nothing for {limit.TotalSeconds:0.#} s"
            : $"the process ended with {process.ExitCode}: {errors.Result.Trim().ReplaceLineEndings(" ")}"));
        next++;
    }

    private void Count(int number, string outcome, string message)
    {
        if (outcome == nameof(FuzzOutcome.Accepted)) accepted++;
        else if (outcome == nameof(FuzzOutcome.Refused)) refused++;
        else failures.Add(new FuzzFailure(number, "exception", message));
    }

    // Of one process: the first thousand of its cases against its last.
    private void Measure(int first, int number, long bytes, ref long? afterThousand)
    {
        if (afterThousand is null && number - first + 1 >= FuzzWorker.Thousand)
        {
            afterThousand = bytes;
        }
        else if (afterThousand is { } before)
        {
            grown = bytes - before;
            growth = (double)grown / before;
        }
    }
}
