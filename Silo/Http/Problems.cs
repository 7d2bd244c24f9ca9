using System.Globalization;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Silo.Http;

/// <summary>The one place where failures become HTTP answers.</summary>
internal static class Problems
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
        catch (OperationCanceledException) when (context.HttpContext.RequestAborted.IsCancellationRequested)
        {
            return Results.StatusCode(ClientClosedRequest);
        }
    }

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
