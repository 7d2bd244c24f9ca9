using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Grains.Storage;

/// <summary>What every store says in the same words. <c>where</c> names the file or server, <c>remedy</c> what to use instead.</summary>
internal static class StoreFailures
{
    public static FewShotException Moved(string classSetId, long expectedRevision) => new(
        FewShotErrorCode.Conflict,
        $"class set '{classSetId}' is no longer at version {expectedRevision} in the store: read it again and repeat");

    public static FewShotException Newer(string where, string found, int known, string remedy) => new(
        FewShotErrorCode.StorageUnavailable,
        $"{where} was written by a newer build (schema {found}, this one reads {known}): run that one, or {remedy}");

    public static FewShotException Damaged(string where, string what, string remedy, Exception? cause = null) => new(
        FewShotErrorCode.StorageUnavailable, $"{where} is damaged ({what}): restore it from a backup, or {remedy}", inner: cause);

    public static string Missing(ContentKey key) => $"block {key} is missing or damaged";
}
