using System.Net;
using System.Net.Http.Headers;
using FewShotCluster.GrainInterfaces.Errors;
using Polly;
using Polly.Retry;

namespace FewShotCluster.Silo.Commands.Downloads;

/// <summary>
/// Fetches a file over HTTP into a <see cref="PartialFile"/>: goes on where it ended if the source is still the same, and repeats what
/// connections and busy servers spoil for as long as bytes arrive.
/// </summary>
internal sealed class FileDownload(HttpClient http, DownloadLimits limits, TimeProvider time)
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(15);

    /// <param name="source">Its address.</param>
    /// <param name="part">Where the bytes go; left in place, complete or not.</param>
    /// <param name="progress">Gets the share that is there.</param>
    /// <param name="cancellationToken">Ends the download; what is there stays.</param>
    /// <exception cref="FewShotException">
    /// ModelUnavailable: the source cannot be had. StorageUnavailable: the file cannot be written.
    /// </exception>
    public async Task RunAsync(Uri source, PartialFile part, Action<double> progress, CancellationToken cancellationToken)
    {
        var (furthest, fruitless) = (part.Length, 0);
        var retries = new ResiliencePipelineBuilder { TimeProvider = time }.AddRetry(new RetryStrategyOptions
        {
            // Counted here, not by Polly: an attempt that brought something is no failed one.
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = limits.FirstDelay,
            MaxDelay = LongestDelay,
            ShouldHandle = arguments =>
            {
                if (arguments.Outcome.Exception is not { } failure || !IsTransient(failure)) return ValueTask.FromResult(false);
                fruitless = part.Length > furthest ? 0 : fruitless + 1;
                furthest = Math.Max(furthest, part.Length);
                return ValueTask.FromResult(fruitless <= limits.Retries);
            },
        }).Build();
        try
        {
            await retries.ExecuteAsync(async token => await AttemptAsync(source, part, progress, token), cancellationToken);
            progress(1);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException)
        {
            throw new FewShotException(
                FewShotErrorCode.ModelUnavailable,
                $"{source}: {e.Message}; download it by hand and take it in by 'fewshotd models import', or name a mirror by --from",
                inner: e);
        }
    }

    private async Task AttemptAsync(Uri source, PartialFile part, Action<double> progress, CancellationToken cancellationToken)
    {
        using var stall = new CancellationTokenSource(limits.Stall, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stall.Token);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, source);
            var from = 0L;
            if (RangeConditionHeaderValue.TryParse(part.Version, out var version) && (from = part.Length) > 0)
                (request.Headers.Range, request.Headers.IfRange) = (new RangeHeaderValue(from, null), version);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var goesOn = response.StatusCode == HttpStatusCode.PartialContent;
            var range = response.Content.Headers.ContentRange;
            var pastEnd = response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable;
            if (pastEnd && range?.Length == from) return; // Nothing is missing.
            if (pastEnd || (goesOn && range?.From != from))
            {
                part.Delete();
                throw new IOException($"the server does not go on at byte {from}");
            }
            response.EnsureSuccessStatusCode();
            var total = response.Content.Headers.ContentLength + (goesOn ? from : 0);
            using var file = goesOn ? part.Continue() : part.Restart(VersionOf(response));
            await CopyAsync(response, file, part, bytes => progress(bytes / (total ?? double.PositiveInfinity)), stall, either.Token);
            if (total is { } length && file.Length != length) throw new IOException($"ended after {file.Length} of {length} bytes");
        }
        catch (OperationCanceledException) when (stall.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"no byte within {limits.Stall.TotalSeconds:0.#} s");
        }
    }

    private async Task CopyAsync(
        HttpResponseMessage response, FileStream file, PartialFile part, Action<double> written, CancellationTokenSource stall,
        CancellationToken cancellationToken)
    {
        await using var content = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[1 << 17];
        for (int read; (read = await content.ReadAsync(buffer, cancellationToken)) > 0; written(file.Position))
        {
            stall.CancelAfter(limits.Stall);
            part.Writing(() => file.Write(buffer, 0, read));
        }
        part.Writing(() => file.Flush(flushToDisk: true));
    }

    // A weak ETag does not promise equal bytes.
    private static string? VersionOf(HttpResponseMessage response) =>
        response.Headers.ETag is { IsWeak: false } tag ? tag.ToString() : response.Content.Headers.LastModified?.ToString("r");

    // Without a status there was no answer: no such host, no route, a broken connection.
    private static bool IsTransient(Exception failure) => failure switch
    {
        HttpRequestException { StatusCode: { } status } =>
            (int)status >= 500 || status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests,
        HttpRequestException or IOException or TimeoutException => true,
        _ => false,
    };
}
