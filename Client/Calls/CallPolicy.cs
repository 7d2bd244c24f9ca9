using FewShotCluster.Client.Connection;
using FewShotCluster.GrainInterfaces.Errors;
using Polly;
using Polly.Retry;

namespace FewShotCluster.Client.Calls;

/// <summary>
/// Runs one idempotent call: connects, repeats transient failures with jittered exponential back-off (or the time the cluster asked for)
/// while deadline and budget allow, and turns what is left into a <see cref="FewShotException"/>.
/// </summary>
internal sealed class CallPolicy
{
    private static readonly ResiliencePropertyKey<CallState> State = new("call");
    private readonly IClusterConnection connection;
    private readonly FewShotClientOptions options;
    private readonly TimeProvider time;
    private readonly RetryBudget budget;
    private readonly ResiliencePipeline retries;

    public CallPolicy(IClusterConnection connection, FewShotClientOptions options, TimeProvider time)
    {
        (this.connection, this.options, this.time) = (connection, options, time);
        budget = new RetryBudget(options.RetryBudget);
        var builder = new ResiliencePipelineBuilder { TimeProvider = time };
        if (options.MaxRetries > 0) builder.AddRetry(Strategy());
        retries = builder.Build();
    }

    /// <summary>Runs a call within <paramref name="limit"/>; the attempt gets the time that is left and a token for it.</summary>
    /// <param name="what">The call in words, for messages.</param>
    /// <param name="limit">Time for all attempts.</param>
    /// <param name="attemptLimit">Time after which one attempt counts as lost; null: none of its own.</param>
    /// <param name="attempt">The grain call.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public async Task<T> RunAsync<T>(
        string what, TimeSpan limit, TimeSpan? attemptLimit, Func<TimeSpan, CancellationToken, Task<T>> attempt, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        budget.OnFirstAttempt();
        using var deadline = new CancellationTokenSource(limit, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        var context = ResilienceContextPool.Shared.Get(linked.Token);
        var state = new CallState(time.GetTimestamp(), limit);
        context.Properties.Set(State, state);
        try
        {
            return await retries.ExecuteAsync(async (c, _) => await AttemptAsync(attempt, attemptLimit, state, c.CancellationToken), context, 0);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw Late(what, limit, state);
        }
        catch (Exception e) when (deadline.IsCancellationRequested && FailureTranslation.IsTransient(e))
        {
            state.LastFailure = e;
            throw Late(what, limit, state);
        }
        catch (Exception e)
        {
            throw FailureTranslation.Translate(e, what, connection.Description);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private async Task<T> AttemptAsync<T>(
        Func<TimeSpan, CancellationToken, Task<T>> attempt, TimeSpan? attemptLimit, CallState state, CancellationToken cancellationToken)
    {
        await connection.EnsureConnectedAsync(cancellationToken);
        var loss = connection.NextLoss;
        using var late = attemptLimit is { } each ? new CancellationTokenSource(each, time) : new CancellationTokenSource();
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        // A loss ends the wait alone: on another node the call may still run, and its repetition finds what it did.
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(linked.Token, loss);
        try
        {
            // Not every grain call takes a token, and none answers when its silo is gone: the wait ends here in any case.
            return await attempt(state.Left(time), linked.Token).WaitAsync(waiting.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && late.IsCancellationRequested)
        {
            throw new TimeoutException($"no answer within {attemptLimit!.Value.TotalSeconds:0.#} s");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && loss.IsCancellationRequested)
        {
            throw new SiloUnavailableException("a node was lost while the call was under way");
        }
    }

    private RetryStrategyOptions Strategy() => new()
    {
        MaxRetryAttempts = options.MaxRetries,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        Delay = options.RetryDelay,
        MaxDelay = TimeSpan.FromSeconds(10),
        ShouldHandle = arguments => ValueTask.FromResult(
            arguments.Outcome.Exception is { } failure
            && FailureTranslation.IsTransient(failure)
            && !arguments.Context.CancellationToken.IsCancellationRequested
            && WaitFits(arguments.Context, failure)
            && arguments.AttemptNumber < options.MaxRetries
            && budget.TrySpend()),
        DelayGenerator = arguments => ValueTask.FromResult(FailureTranslation.RetryAfter(arguments.Outcome.Exception)),
        OnRetry = arguments =>
        {
            if (arguments.Context.Properties.TryGetValue(State, out var state)) state.LastFailure = arguments.Outcome.Exception;
            return ValueTask.CompletedTask;
        },
    };

    // A wait that the cluster asked for and that outlives the deadline is not begun: its answer is known now.
    private bool WaitFits(ResilienceContext context, Exception failure) =>
        FailureTranslation.RetryAfter(failure) is not { } wait || !context.Properties.TryGetValue(State, out var state) || wait < state.Left(time);

    private FewShotException Late(string what, TimeSpan limit, CallState state) => new(
        FewShotErrorCode.DeadlineExceeded,
        $"{what}: no answer from {connection.Description} within {limit.TotalMilliseconds:0} ms"
            + (state.LastFailure is { } failure ? $"; last failure: {failure.Message.ReplaceLineEndings(" ")}" : ""),
        inner: state.LastFailure);

    private sealed class CallState(long started, TimeSpan limit)
    {
        public Exception? LastFailure { get; set; }

        public TimeSpan Left(TimeProvider time)
        {
            var left = limit - time.GetElapsedTime(started);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }
}
