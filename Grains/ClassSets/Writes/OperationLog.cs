using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>The last writes of a set: a repeated one gets its first answer, an id used for something else is a Conflict.</summary>
internal static class OperationLog
{
    public static OperationRecord? Find(ClassSetState? state, string operationId, ContentKey request)
    {
        var known = state?.Operations.FirstOrDefault(operation => operation.OperationId == operationId);
        if (known is null || known.Request == request) return known;
        throw new FewShotException(
            FewShotErrorCode.Conflict,
            $"operation id '{operationId}' was used for another request (version {known.Version}): use a fresh id");
    }

    public static OperationRecord[] Append(OperationRecord[] operations, OperationRecord done, int remembered) =>
        [.. operations.Skip(Math.Max(0, operations.Length - remembered + 1)), done];
}
