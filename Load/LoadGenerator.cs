using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Load;

/// <summary>
/// Makes load and measures it. In the open loop a slow answer holds no request back, and latency counts from the intended send
/// time: a stall is met by everybody who would have called meanwhile ("coordinated omission" is not committed).
/// </summary>
/// <param name="plan">How much.</param>
/// <param name="send">Sends one request; a <see cref="FewShotException"/> is counted, not thrown.</param>
/// <param name="time">The clock; null: the system's.</param>
public sealed class LoadGenerator(LoadPlan plan, Func<LoadRequest, CancellationToken, Task<ClassificationAnswer>> send, TimeProvider? time = null)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);
    private readonly TimeProvider time = time ?? TimeProvider.System;
    private readonly LoadRecorder recorder = new(plan);
    private readonly TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int running = 1; // the sender itself
    private long last = -1;  // index of the closed loop
    private long started;

    /// <summary>Told of every request as it ends, from any thread; must be quick.</summary>
    public Action<LoadSample>? Sampled { get; init; }

    /// <summary>Told where the load stands, once a second.</summary>
    public Action<LoadProgress>? Progress { get; init; }

    /// <summary>Load on a class set: photos in turn, the plan's deadline for each.</summary>
    /// <param name="client">Stays the caller's.</param>
    /// <param name="classSetId">The class set.</param>
    /// <param name="photos">What to send.</param>
    /// <param name="options">Of each request, but for the deadline.</param>
    public static Func<LoadRequest, CancellationToken, Task<ClassificationAnswer>> Classify(
        IFewShotClient client, string classSetId, PhotoSource photos, ClassifyOptions options) => (request, token) =>
        client.ClassifyAsync(classSetId, photos.Photo(request.Index), options with { Deadline = request.Deadline }, token);

    /// <summary>Runs the load to its end, the last answer included. Once only.</summary>
    /// <param name="cancellationToken">Ends it at once, without a report.</param>
    public async Task<LoadReport> RunAsync(CancellationToken cancellationToken = default)
    {
        started = time.GetTimestamp();
        using var ticker = time.CreateTimer(_ => Progress?.Invoke(recorder.Progress(Elapsed)), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        TimeSpan sending;
        try
        {
            sending = plan.Rate is { } rate
                ? await SendOnTimeAsync(new SendSchedule(rate, plan.Duration), cancellationToken)
                : await CallInTurnAsync(plan.Concurrency!.Value, cancellationToken);
        }
        finally
        {
            Leave();
        }
        await idle.Task.WaitAsync(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return recorder.Report(sending > plan.Duration ? sending : plan.Duration);
    }

    private TimeSpan Elapsed => time.GetElapsedTime(started);

    /// <summary>Sends all requests; when the last one went out.</summary>
    private async Task<TimeSpan> SendOnTimeAsync(SendSchedule schedule, CancellationToken cancellationToken)
    {
        for (long index = 0; ;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var now = Elapsed;
            for (var due = schedule.Due(now); index < due; index++)
            {
                // Never awaited here.
                if (recorder.TrySend()) _ = SendAsync(index, schedule.Intended(index), cancellationToken);
            }
            if (index == schedule.Count) return now;
            var wait = schedule.Intended(index) - Elapsed;
            // Timers know milliseconds: a bit late and measured beats busy waiting beside what is measured.
            if (wait > TimeSpan.Zero) await Task.Delay(wait < Tick ? Tick : wait, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Lets callers call until the time is over; when the last one had its answer.</summary>
    private async Task<TimeSpan> CallInTurnAsync(int callers, CancellationToken cancellationToken)
    {
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => CallInTurnAsync(cancellationToken)));
        return Elapsed;
    }

    private async Task CallInTurnAsync(CancellationToken cancellationToken)
    {
        // Each caller on the pool from its first request on.
        await Task.Yield();
        while (Elapsed is var now && now < plan.Duration)
        {
            cancellationToken.ThrowIfCancellationRequested();
            recorder.TrySend();
            await SendAsync(Interlocked.Increment(ref last), now, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task SendAsync(long index, TimeSpan intended, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref running);
        try
        {
            var sent = Elapsed;
            var (answer, failure) = await OutcomeAsync(new LoadRequest(index, Left(sent - intended)), cancellationToken).ConfigureAwait(false);
            var sample = new LoadSample(index, intended, sent, Elapsed, answer, failure);
            recorder.Add(sample);
            Sampled?.Invoke(sample);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            recorder.Abandon();
        }
        finally
        {
            Leave();
        }
    }

    private async Task<(ClassificationAnswer? Answer, FewShotException? Failure)> OutcomeAsync(LoadRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return (await send(request, cancellationToken).ConfigureAwait(false), null);
        }
        catch (FewShotException e)
        {
            return (null, e);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return (null, new FewShotException(FewShotErrorCode.Internal, $"{e.GetType().Name}: {e.Message}", inner: e));
        }
    }

    // The deadline is the user's, from the intended time; what is late already is still sent, as a user would.
    private TimeSpan? Left(TimeSpan lag) => plan.Deadline is { } deadline ? (deadline - lag > Tick ? deadline - lag : Tick) : null;

    private void Leave()
    {
        if (Interlocked.Decrement(ref running) == 0) idle.TrySetResult();
    }
}
