using System.Text;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client;

/// <summary>
/// Sizes checked before every call: the transport drops an oversize message, and with it the connection of other calls.
/// </summary>
public static class PayloadLimits
{
    /// <summary>Largest message body that clients and silos exchange, in bytes (16 MiB).</summary>
    public const int MaxMessageBytes = 16 * 1024 * 1024;

    /// <summary>Largest payload of one call, in bytes (15 MiB): the rest is for headers and fields.</summary>
    public const int MaxPayloadBytes = 15 * 1024 * 1024;

    /// <summary>Photos are sent in calls of at most this many bytes (8 MB), so that none keeps a class set long.</summary>
    public const int MaxShotBatchBytes = 8_000_000;

    /// <summary>And of at most this many photos.</summary>
    public const int MaxShotBatchCount = 64;

    /// <summary>An exported class set travels in stretches of at most this many bytes (4 MiB).</summary>
    public const int MaxArchiveChunkBytes = 4 * 1024 * 1024;

    /// <summary>One write names at most this many shots.</summary>
    public const int MaxShotsPerEdit = 100_000;

    // Field headers, length prefixes and the nullable id of one class on the wire.
    private const int ClassOverhead = 32;

    /// <summary>Checks one image.</summary>
    /// <exception cref="FewShotException">InvalidImage when empty, ImageTooLarge above <see cref="MaxPayloadBytes"/>.</exception>
    public static void CheckImage(int bytes, string what = "the image")
    {
        if (bytes == 0) throw new FewShotException(FewShotErrorCode.InvalidImage, $"{what} is empty: give the encoded bytes of a JPEG, PNG or WebP");
        if (bytes > MaxPayloadBytes) throw TooLarge(bytes, what);
    }

    /// <summary>Checks the names, families and prompts that one call carries.</summary>
    /// <exception cref="FewShotException">LimitExceeded; InvalidArgument for a class that is null.</exception>
    public static void CheckClasses(IReadOnlyList<ClassDefinition> classes)
    {
        var bytes = 0L;
        foreach (var one in classes)
        {
            if (one is null) throw new FewShotException(FewShotErrorCode.InvalidArgument, "a class is null: give each a name");
            bytes += ClassOverhead + Bytes(one.Name) + Bytes(one.Family) + Bytes(one.Prompt);
        }
        if (bytes > MaxPayloadBytes)
            throw new FewShotException(
                FewShotErrorCode.LimitExceeded,
                $"{classes.Count} classes take {bytes} bytes, one call carries {MaxPayloadBytes}: add them in several calls");
    }

    internal static void CheckShots(int shots)
    {
        if (shots > MaxShotsPerEdit)
            throw new FewShotException(FewShotErrorCode.LimitExceeded, $"{shots} shots, one call names {MaxShotsPerEdit}: use several calls");
    }

    internal static FewShotException TooLarge(int bytes, string what) => new(
        FewShotErrorCode.ImageTooLarge, $"{what} has {bytes} bytes, the limit is {MaxPayloadBytes}: send a smaller encoding");

    private static int Bytes(string? text) => text is null ? 0 : Encoding.UTF8.GetByteCount(text);
}
