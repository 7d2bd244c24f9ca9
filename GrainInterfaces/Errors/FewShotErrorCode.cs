namespace FewShotCluster.GrainInterfaces.Errors;

/// <summary>Every way a request can fail; closed, mapped once to HTTP statuses and exit codes (<see cref="FewShotErrorCodes"/>).</summary>
public enum FewShotErrorCode
{
    /// <summary>A fault of ours.</summary>
    Internal = 0,

    /// <summary>No class set has that id.</summary>
    ClassSetNotFound = 1,

    /// <summary>The bytes are not a readable image: empty, truncated, damaged or another format.</summary>
    InvalidImage = 2,

    /// <summary>The image exceeds the limit on bytes or pixels; judged from its header, before decoding.</summary>
    ImageTooLarge = 3,

    /// <summary>An argument is wrong: empty name, duplicate class, unknown label, number out of range.</summary>
    InvalidArgument = 4,

    /// <summary>A quota is reached: classes, shots, bytes or names in one request.</summary>
    LimitExceeded = 5,

    /// <summary>The asked minimum version is not published (yet).</summary>
    VersionNotReached = 6,

    /// <summary>The class set exists already, was changed meanwhile, or the operation id was used for another payload.</summary>
    Conflict = 7,

    /// <summary>The device queue is full: try again after the time given.</summary>
    Overloaded = 8,

    /// <summary>The caller's deadline passed before an answer could be given.</summary>
    DeadlineExceeded = 9,

    /// <summary>No device slot can take the work.</summary>
    DeviceUnavailable = 10,

    /// <summary>Model weights are missing, damaged or do not fit the architecture.</summary>
    ModelUnavailable = 11,

    /// <summary>The store did not accept or return the state; nothing was published.</summary>
    StorageUnavailable = 12,

    /// <summary>The caller did not say who it is.</summary>
    Unauthenticated = 13,

    /// <summary>The caller may not do this.</summary>
    Forbidden = 14,
}
