using System.Diagnostics;
using FewShotCluster.Bench.Robustness;
using FewShotCluster.TestSupport;

namespace FewShotCluster.Bench.Tests.Robustness;

/// <summary>A few hundred of the fuzzer's cases, and its own honesty.</summary>
public sealed class FuzzTests : IDisposable
{
    private const int Cases = 300;
    private readonly string folder = Directory.CreateTempSubdirectory("fewshot-fuzz-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Every_seed_file_is_read()
    {
        foreach (var seed in new FuzzCases(1).Seeds)
            Assert.True(Run(seed.Kind, seed.Bytes) == FuzzOutcome.Accepted, seed.Name);
    }

    [Fact]
    public void Damaged_files_are_read_or_refused()
    {
        var cases = new FuzzCases(20261124);
        var outcomes = Enumerable.Range(0, Cases).Select(cases.Make)
            .CountBy(c => Run(c.Seed.Kind, c.Bytes, $"case {c.Number}, {c.Seed.Name}"));
        Assert.All(outcomes, o => Assert.InRange(o.Value, Cases / 10, Cases)); // neither all read nor all refused
    }

    [Fact]
    public void Damaged_reference_files_are_read_or_refused()
    {
        var cases = new FuzzCases(5, ReferenceData.Reference("models"));
        foreach (var made in Enumerable.Range(0, Cases / 2).Select(i => cases.Make(2 * i)))
            Run(made.Seed.Kind, made.Bytes, $"case {made.Number}, {made.Seed.Name}");
    }

    [Fact]
    public void A_case_follows_from_seed_and_number()
    {
        Assert.Equal(new FuzzCases(3).Make(77).Bytes, new FuzzCases(3).Make(77).Bytes);
        Assert.NotEqual(new FuzzCases(3).Make(77).Bytes, new FuzzCases(4).Make(77).Bytes);
    }

    [Fact]
    public void Crashes_hangs_exceptions_and_files_are_told_and_the_run_goes_on()
    {
        // Four workers: one dies in case 1, one says nothing in case 2, one finds a bug in case 3, the last leaves a file.
        string[] scripts =
        [
            "echo begin 0; echo end 0 Accepted a:; echo begin 1; kill -SEGV $$",
            "echo begin 2; exec cat",
            "echo begin 3; echo end 3 WrongException a: System.IndexOutOfRangeException",
            "echo begin 5; echo end 5 Refused a:; touch evil",
        ];
        var starts = new Queue<string>(scripts);
        ProcessStartInfo Worker(int first, string _) => new("/bin/sh", ["-c", starts.Dequeue()]);
        var report = new FuzzRun(seed: 1, cases: 6, TimeSpan.FromSeconds(0.5), Worker).Run(_ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(
            [(1, "crash"), (2, "hang"), (3, "exception"), (4, "crash"), (-1, "file")], report.Failures.Select(f => (f.Number, f.Kind)));
        Assert.Equal((1, 1), (report.Accepted, report.Refused));
    }

    private FuzzOutcome Run(FuzzKind kind, byte[] bytes, string name = "")
    {
        var (outcome, wrong) = FuzzTarget.Run(kind, bytes, Path.Combine(folder, "case"));
        Assert.True(wrong is null, $"{name}: {wrong}");
        return outcome;
    }
}
