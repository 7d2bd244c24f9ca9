using System.Net.Sockets;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Storage;
using FewShotCluster.Vision.Checkpoints;
using Microsoft.AspNetCore.Connections;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace FewShotCluster.Silo.Hosting;

/// <summary>Why a node could not start, as one code and message: the innermost cause that has a type of its own counts.</summary>
internal static class StartupFailure
{
    public static FewShotException Translate(Exception failure) =>
        Chain(failure).Select(Known).FirstOrDefault(known => known is not null)
        ?? new FewShotException(FewShotErrorCode.Internal, $"{failure.GetType().Name}: {failure.Message}", inner: failure);

    private static FewShotException? Known(Exception cause) => cause switch
    {
        FewShotException e => e,
        OptionsValidationException e => Typed(FewShotErrorCode.InvalidArgument, "configuration: " + string.Join("; ", e.Failures)),
        CheckpointException => Typed(FewShotErrorCode.ModelUnavailable, cause.Message),
        AddressInUseException or SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse or SocketError.AccessDenied } =>
            Typed(FewShotErrorCode.InvalidArgument, $"a port cannot be opened: {cause.Message}; choose others by --urls, --silo-port, --gateway-port"),
        IOException when cause.Message.Contains("bind", StringComparison.OrdinalIgnoreCase) =>
            Typed(FewShotErrorCode.InvalidArgument, $"{cause.Message} Choose another address by --urls"),
        SqliteException => Typed(FewShotErrorCode.StorageUnavailable, $"the class sets' database: {cause.Message}; check the folder given by --data"),
        _ when RedisServer.Translate(cause, "redis") is { } redis => Typed(redis.Code, $"{redis.Message}; see --redis"),
        UnauthorizedAccessException or IOException => Typed(FewShotErrorCode.StorageUnavailable, cause.Message),
        _ => null,
    };

    private static FewShotException Typed(FewShotErrorCode code, string message) => new(code, message);

    private static IEnumerable<Exception> Chain(Exception failure)
    {
        yield return failure;
        var inner = failure is AggregateException many ? many.InnerExceptions : (IEnumerable<Exception>)(failure.InnerException is { } one ? [one] : []);
        foreach (var cause in inner.SelectMany(Chain)) yield return cause;
    }
}
