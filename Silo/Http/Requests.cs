using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Silo.Http;

/// <summary>Reads parts of requests; what is wrong with them is said with a code.</summary>
internal static class Requests
{
    /// <summary>
    /// <c>Idempotency-Key</c> makes a write idempotent, as the SDK's operation ids do; <c>If-Match: "VERSION"</c> is the version that it expects.
    /// </summary>
    public static WriteOperation? Operation(this HttpRequest request)
    {
        var key = request.Headers["Idempotency-Key"].FirstOrDefault() is { Length: > 0 } given ? given : null;
        if (request.Headers.IfMatch.FirstOrDefault() is not { Length: > 0 } match) return key;
        if (!long.TryParse(match.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version))
            throw new FewShotException(FewShotErrorCode.InvalidArgument, $"If-Match '{match}' is no version: give its number in quotes");
        return new WriteOperation(key ?? Guid.NewGuid().ToString("N"), version);
    }

    /// <summary>A whole number of the query; the default when absent.</summary>
    public static long Number(this HttpRequest request, string name, long otherwise)
    {
        if (!request.Query.TryGetValue(name, out var values)) return otherwise;
        return long.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= int.MaxValue
            ? number
            : throw new FewShotException(FewShotErrorCode.InvalidArgument, $"{name}='{values}' is not a whole number from 0 to {int.MaxValue}");
    }

    /// <summary>The JSON body.</summary>
    public static async Task<T> JsonAsync<T>(this HttpRequest request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(request.Body, type, cancellationToken) ?? throw new JsonException("it is null");
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw new FewShotException(
                FewShotErrorCode.LimitExceeded, $"the body is larger than {PayloadLimits.MaxPayloadBytes} bytes: send it in several calls", inner: e);
        }
        catch (JsonException e)
        {
            throw new FewShotException(FewShotErrorCode.InvalidArgument, $"the body: {e.Message}", inner: e);
        }
    }

    /// <summary>The whole body, into an array of its own size where the client said it.</summary>
    public static async Task<ReadOnlyMemory<byte>> BytesAsync(this HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength is { } length)
        {
            // Judged by the header: an oversize body is not read.
            if (length > PayloadLimits.MaxPayloadBytes) PayloadLimits.CheckImage((int)Math.Min(length, int.MaxValue), "the body");
            var exact = new byte[length];
            await request.Body.ReadExactlyAsync(exact, cancellationToken);
            return exact;
        }
        using var buffer = new MemoryStream();
        await request.Body.CopyToAsync(buffer, cancellationToken);
        return buffer.ToArray();
    }
}
