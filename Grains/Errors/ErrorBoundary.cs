using FewShotCluster.GrainInterfaces.Errors;
using Microsoft.Extensions.Logging;

namespace FewShotCluster.Grains.Errors;

/// <summary>
/// Causes stay here: an inner exception of a type that the caller's process cannot read would turn a typed failure into a
/// serialisation error on the way.
/// </summary>
internal sealed partial class ErrorBoundary(ILogger<ErrorBoundary> log) : IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        try
        {
            await context.Invoke();
        }
        catch (FewShotException e) when (e.InnerException is not null)
        {
            LogCause(log, e.InnerException, context.MethodName, e.Code);
            throw new FewShotException(e.Code, e.Message, e.RetryAfter);
        }
    }

    [LoggerMessage(1401, LogLevel.Debug, "{Method} fails as {Code} because of this")]
    private static partial void LogCause(ILogger logger, Exception exception, string? method, FewShotErrorCode code);
}
