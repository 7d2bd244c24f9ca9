using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using FewShotCluster.Grains.Storage;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using Orleans.Serialization;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>The last writes of a set: a repeated one gets its first answer, an id used for something else is a Conflict.</summary>
internal sealed class OperationLog(Serializer<ClassSetDefinition> definitions, Serializer<ClassDefinition[]> classes)
{
    private const int Remembered = 1024;

    public static OperationRecord? Find(ClassSetState? state, string operationId, ContentKey request)
    {
        var known = state?.Operations.FirstOrDefault(operation => operation.OperationId == operationId);
        if (known is null || known.Request == request) return known;
        throw new FewShotException(
            FewShotErrorCode.Conflict, $"operation id '{operationId}' was used for another request (version {known.Version}): use a fresh id");
    }

    public static OperationRecord[] Append(OperationRecord[] operations, OperationRecord done) =>
        [.. operations.Skip(Math.Max(0, operations.Length - Remembered + 1)), done];

    public ContentKey HashOf(ClassSetDefinition definition) => ContentKey.Of(definitions.SerializeToArray(definition));

    public ContentKey HashOf(IReadOnlyList<ClassDefinition> added) => ContentKey.Of(classes.SerializeToArray([.. added]));

    public static ContentKey HashOf(IReadOnlyList<Shot> shots, IReadOnlyList<ContentKey> images)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[4];
        for (var i = 0; i < shots.Count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(number, shots[i].ClassId);
            hash.AppendData(number);
            hash.AppendData(SHA256.HashData(Encoding.UTF8.GetBytes(shots[i].Source)));
            hash.AppendData(images[i].ToBytes());
        }
        return ContentKey.FromBytes(hash.GetHashAndReset());
    }
}
