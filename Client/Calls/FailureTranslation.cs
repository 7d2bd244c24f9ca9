using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client.Calls;

/// <summary>The one place where failures of the transport become codes, and where it is decided which a repetition can help.</summary>
internal static class FailureTranslation
{
    /// <summary>Whether the same call may succeed when repeated.</summary>
    public static bool IsTransient(Exception failure) => failure switch
    {
        FewShotException e => e.Code.IsTransient(),
        SiloUnavailableException or OrleansMessageRejectionException or Orleans.Runtime.Messaging.ConnectionFailedException
            or GatewayTooBusyException or TimeoutException => true,
        // Neither the caller's nor the deadline's, which are seen before: the node gave up, as one does that stops.
        OperationCanceledException => true,
        OrleansException e => IsNoCompatibleSilo(e),
        _ => false,
    };

    /// <summary>How long the cluster asked to wait, if it did.</summary>
    public static TimeSpan? RetryAfter(Exception? failure) => (failure as FewShotException)?.RetryAfter;

    /// <summary>A failure as the SDK's caller sees it.</summary>
    /// <param name="failure">What the transport or a grain threw.</param>
    /// <param name="what">The call in words.</param>
    /// <param name="where">What the client is connected to.</param>
    public static FewShotException Translate(Exception failure, string what, string where) => failure switch
    {
        FewShotException e => e,
        GatewayTooBusyException => new(FewShotErrorCode.Overloaded, $"{what}: {where} sheds load; try again later", inner: failure),
        TimeoutException => new(FewShotErrorCode.DeadlineExceeded, $"{what}: no answer from {where} in time", inner: failure),
        SiloUnavailableException or OrleansMessageRejectionException or Orleans.Runtime.Messaging.ConnectionFailedException => new(
            FewShotErrorCode.DeviceUnavailable,
            $"{what}: the connection to {where} was lost ({Line(failure)}); check that the node is running, then try again",
            inner: failure),
        OperationCanceledException => new(
            FewShotErrorCode.DeviceUnavailable, $"{what}: the node that worked on it gave it up, as one does that stops; try again", inner: failure),
        OrleansException e when IsNoCompatibleSilo(e) => new(
            FewShotErrorCode.DeviceUnavailable, $"{what}: no node of the cluster can serve it now; check 'fewshot status'", inner: failure),
        ObjectDisposedException => new(FewShotErrorCode.InvalidArgument, $"{what}: the client was disposed; keep one for the life of the program", inner: failure),
        _ => new(FewShotErrorCode.Internal, $"{what}: {failure.GetType().Name}: {Line(failure)}", inner: failure),
    };

    // Orleans has no type of its own for it: placement throws the base class.
    private static bool IsNoCompatibleSilo(OrleansException e) =>
        e.Message.Contains("compatible", StringComparison.OrdinalIgnoreCase) && e.Message.Contains("No active nodes", StringComparison.OrdinalIgnoreCase);

    private static string Line(Exception failure) => failure.Message.ReplaceLineEndings(" ");
}
