namespace FewShotCluster.GrainInterfaces.Errors;

/// <summary>A typed failure: what was wrong, where, and what to do. Crosses silos and reaches the SDK's caller unchanged.</summary>
public sealed class FewShotException : Exception
{
    /// <summary>Creates the failure.</summary>
    /// <param name="code">The closed error code.</param>
    /// <param name="message">What was wrong, where, and what to do.</param>
    /// <param name="retryAfter">For <see cref="FewShotErrorCode.Overloaded"/>: when trying again makes sense.</param>
    /// <param name="inner">The cause; stays on the silo's log, only its message travels.</param>
    public FewShotException(FewShotErrorCode code, string message, TimeSpan? retryAfter = null, Exception? inner = null)
        : base(message, inner)
    {
        Code = code;
        RetryAfter = retryAfter;
    }

    /// <summary>The closed error code.</summary>
    public FewShotErrorCode Code { get; }

    /// <summary>When trying again makes sense, for an overloaded device.</summary>
    public TimeSpan? RetryAfter { get; }
}
