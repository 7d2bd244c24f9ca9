using System.Collections.Concurrent;
using FewShotCluster.Demo.Training;

namespace FewShotCluster.Demo.Tests.Training;

/// <summary>Keeps every report of a training, in order.</summary>
internal sealed class Losses : IProgress<TrainingProgress>
{
    private readonly ConcurrentQueue<TrainingProgress> _reports = new();

    public Action<TrainingProgress>? OnReport { get; init; }

    public void Report(TrainingProgress value)
    {
        _reports.Enqueue(value);
        OnReport?.Invoke(value);
    }

    public double AtStart(string stage) => Of(stage).First().Loss!.Value;

    public double Last(string stage) => Of(stage).Last().Loss!.Value;

    public int Done(string stage) => Of(stage).Max(report => report.Done);

    private IEnumerable<TrainingProgress> Of(string stage) => _reports.Where(report => report.Stage == stage);
}
