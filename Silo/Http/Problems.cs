using System.Globalization;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Silo.Http;

/// <summary>The one place where failures become HTTP answers.</summary>
internal static partial class Problems
{
    // nginx's code for a client that went away; nobody reads it but the access log.
    private const int ClientClosedRequest = 499;

    public static async ValueTask<object?> Filter(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (FewShotException e)
        {
            return Result(context.HttpContext, e);
        }
        catch (BadHttpRequestException e)
        {
            var code = e.StatusCode == StatusCodes.Status413PayloadTooLarge ? FewShotErrorCode.ImageTooLarge : FewShotErrorCode.InvalidArgument;
            return Result(context.HttpContext, new FewShotException(code, e.Message));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException && context.HttpContext.RequestAborted.IsCancellationRequested)
        {
            return Results.StatusCode(ClientClosedRequest);
        }
        catch (Exception e)
        {
            LogFailed(context.HttpContext.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(Problems)), e);
            return Result(context.HttpContext, new FewShotException(FewShotErrorCode.Internal, $"{e.GetType().Name}: {e.Message}", inner: e));
        }
    }

    [LoggerMessage(2001, LogLevel.Error, "a request failed")]
    private static partial void LogFailed(ILogger logger, Exception exception);

    private static IResult Result(HttpContext http, FewShotException failure)
    {
        var status = failure.Code.HttpStatus();
        if (status == StatusCodes.Status429TooManyRequests)
        {
            var seconds = Math.Max(1, (long)Math.Ceiling((failure.RetryAfter ?? TimeSpan.FromSeconds(1)).TotalSeconds));
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }
        var problem = new Problem("about:blank", failure.Code.ToString(), status, failure.Message, failure.Code);
        return Results.Json(problem, EdgeJson.Default.Problem, "application/problem+json", status);
    }
}
