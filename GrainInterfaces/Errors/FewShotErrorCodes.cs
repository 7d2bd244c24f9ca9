namespace FewShotCluster.GrainInterfaces.Errors;

/// <summary>The one mapping of error codes to HTTP statuses and process exit codes.</summary>
public static class FewShotErrorCodes
{
    /// <summary>HTTP status for a code.</summary>
    public static int HttpStatus(this FewShotErrorCode code) => code switch
    {
        FewShotErrorCode.ClassSetNotFound => 404,
        FewShotErrorCode.InvalidImage or FewShotErrorCode.InvalidArgument => 400,
        FewShotErrorCode.ImageTooLarge => 413,
        FewShotErrorCode.LimitExceeded => 422,
        FewShotErrorCode.VersionNotReached => 412,
        FewShotErrorCode.Conflict => 409,
        FewShotErrorCode.Overloaded => 429,
        FewShotErrorCode.DeadlineExceeded => 504,
        FewShotErrorCode.DeviceUnavailable or FewShotErrorCode.ModelUnavailable or FewShotErrorCode.StorageUnavailable => 503,
        FewShotErrorCode.Unauthenticated => 401,
        FewShotErrorCode.Forbidden => 403,
        _ => 500,
    };

    /// <summary>
    /// Exit code of the command lines: 2 wrong arguments or unusable input, 3 overloaded or deadline, 4 not found,
    /// 5 conflict, 70 internal.
    /// </summary>
    public static int ExitCode(this FewShotErrorCode code) => code switch
    {
        FewShotErrorCode.InvalidImage or FewShotErrorCode.ImageTooLarge or FewShotErrorCode.InvalidArgument
            or FewShotErrorCode.LimitExceeded or FewShotErrorCode.ModelUnavailable
            or FewShotErrorCode.Unauthenticated or FewShotErrorCode.Forbidden => 2,
        FewShotErrorCode.Overloaded or FewShotErrorCode.DeadlineExceeded => 3,
        FewShotErrorCode.ClassSetNotFound => 4,
        FewShotErrorCode.Conflict or FewShotErrorCode.VersionNotReached => 5,
        _ => 70,
    };

    /// <summary>Whether the same call may succeed when repeated, without anything being changed by the caller.</summary>
    public static bool IsTransient(this FewShotErrorCode code) => code
        is FewShotErrorCode.Overloaded or FewShotErrorCode.DeviceUnavailable or FewShotErrorCode.StorageUnavailable;
}
