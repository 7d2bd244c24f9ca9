using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using FewShotCluster.Cli.Inputs;
using FewShotCluster.Cli.Output;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Batches;

/// <summary>
/// Classifies many files with a bounded number in flight: they are read ahead of the answers, answers and failures both keep the order
/// of the files, and a photo's failure is collected, not thrown.
/// </summary>
internal sealed class BatchClassifier(IFewShotClient client, string classSetId, ClassifyOptions options)
{
    /// <summary>Told of each answer as it comes.</summary>
    public Action<ClassifiedFile>? Answered { get; init; }

    /// <summary>Runs the batch under a progress view.</summary>
    public Task<ClassifyReport> RunAsync(
        ToolContext context, string title, IReadOnlyList<ImageFile> files, CancellationToken cancellationToken) =>
        ProgressView.RunAsync(context, title, report => RunAsync(files, report, cancellationToken));

    /// <summary>Runs the batch.</summary>
    /// <param name="files">The photos, in the order of the answers.</param>
    /// <param name="progress">Told the share that is done.</param>
    /// <param name="cancellationToken">Cancels what is in flight.</param>
    /// <exception cref="FewShotException">What is not a photo's fault and the same for every other one.</exception>
    public async Task<ClassifyReport> RunAsync(
        IReadOnlyList<ImageFile> files, Action<double>? progress, CancellationToken cancellationToken)
    {
        var answers = new List<ClassifiedFile>(files.Count);
        var failures = new FailedInput?[files.Count];
        // Outcomes come in the order of what was sent; unreadable files leave gaps in it.
        var sent = new ConcurrentQueue<int>();
        var images = ReadAsync(files, sent, failures, cancellationToken);
        await foreach (var outcome in client.ClassifyManyAsync(classSetId, images, options, cancellationToken: cancellationToken))
        {
            sent.TryDequeue(out var at);
            if (outcome.Error is { } error)
            {
                if (error.Code is FewShotErrorCode.ClassSetNotFound or FewShotErrorCode.InvalidArgument) throw error;
                failures[at] = new FailedInput(outcome.Source, error.Code, error.Message);
            }
            else
            {
                var answer = new ClassifiedFile(outcome.Source, outcome.Answer!);
                answers.Add(answer);
                Answered?.Invoke(answer);
            }
            progress?.Invoke((at + 1.0) / files.Count);
        }
        progress?.Invoke(1);
        return new ClassifyReport(answers, [.. failures.OfType<FailedInput>()]);
    }

    private static async IAsyncEnumerable<ClassifyItem> ReadAsync(
        IReadOnlyList<ImageFile> files, ConcurrentQueue<int> sent, FailedInput?[] failures,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var at = 0; at < files.Count; at++)
        {
            var (bytes, failed) = await files[at].ReadAsync(cancellationToken);
            failures[at] = failed;
            if (failed is not null) continue;
            sent.Enqueue(at);
            yield return new ClassifyItem(files[at].Name, bytes);
        }
    }
}
