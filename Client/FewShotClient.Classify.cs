using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client;

/// <content>Classification of one photo and of streams.</content>
public sealed partial class FewShotClient
{
    private const int MaxConcurrency = 1024;

    /// <inheritdoc/>
    public Task<ClassificationAnswer> ClassifyAsync(
        string classSetId, ReadOnlyMemory<byte> image, ClassifyOptions? options = null, CancellationToken cancellationToken = default)
    {
        var asked = options ?? new ClassifyOptions();
        asked.Check();
        PayloadLimits.CheckImage(image.Length);
        var request = new ClassifyRequest
        {
            ClassSetId = RequireId(classSetId),
            Image = Bytes(image),
            Top = asked.Top,
            MinimumVersion = asked.MinimumVersion,
            Explain = asked.Explain,
            Learn = asked.Learn,
        };
        var limit = asked.Deadline ?? this.options.ReadTimeout;
        return calls.RunAsync(
            $"classify with '{classSetId}'",
            limit,
            this.options.AttemptTimeout,
            // Each attempt tells the silo what is left, so that it drops what nobody waits for.
            (left, token) => connection.Classification().Classify(request with { Deadline = left }, token),
            cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ClassifyOutcome> ClassifyManyAsync(
        string classSetId, IAsyncEnumerable<ClassifyItem> images, ClassifyOptions? options = null, int concurrency = 16,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (concurrency is < 1 or > MaxConcurrency)
            throw new FewShotException(FewShotErrorCode.InvalidArgument, $"concurrency is {concurrency}: allowed are 1 to {MaxConcurrency}");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var free = new SemaphoreSlim(concurrency, concurrency);
        var queue = Channel.CreateUnbounded<Task<ClassifyOutcome>>();
        var reading = ReadAsync();
        try
        {
            await foreach (var running in queue.Reader.ReadAllAsync(stop.Token))
            {
                var outcome = await running;
                // Freed only when it is taken: answers that nobody reads do not pile up.
                free.Release();
                yield return outcome;
            }
            await reading;
        }
        finally
        {
            // A caller that leaves early: nothing may run on.
            await stop.CancelAsync();
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (queue.Reader.TryRead(out var left)) await ((Task)left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task ReadAsync()
        {
            Exception? failure = null;
            try
            {
                await foreach (var item in images.WithCancellation(stop.Token))
                {
                    await free.WaitAsync(stop.Token);
                    queue.Writer.TryWrite(OneAsync(item));
                }
            }
            catch (Exception e)
            {
                // Thrown at the caller by the reader's end of the channel.
                failure = e;
            }
            queue.Writer.Complete(failure);
        }

        async Task<ClassifyOutcome> OneAsync(ClassifyItem item)
        {
            try
            {
                return new ClassifyOutcome(item.Source, await ClassifyAsync(classSetId, item.Image, options, stop.Token), null);
            }
            catch (FewShotException e)
            {
                return new ClassifyOutcome(item.Source, null, e);
            }
        }
    }

    // The whole array goes out without a copy, a slice of one needs its own.
    private static byte[] Bytes(ReadOnlyMemory<byte> image) =>
        MemoryMarshal.TryGetArray(image, out var segment) && segment is { Array: { } array, Offset: 0 } && segment.Count == array.Length
            ? array
            : image.ToArray();
}
