using Orleans.Serialization;

namespace FewShotCluster.Grains.Storage;

/// <summary>Heads as bytes; what is no head is a damaged store, whoever wrote it.</summary>
internal sealed class HeadCodec(Serializer<ClassSetHead> serializer)
{
    public byte[] Encode(ClassSetHead head) => serializer.SerializeToArray(head);

    /// <exception cref="GrainInterfaces.Errors.FewShotException">StorageUnavailable.</exception>
    public ClassSetHead Decode(byte[] bytes, string where, string remedy)
    {
        try
        {
            if (serializer.Deserialize(bytes) is { State: not null, References: not null } head) return head;
        }
        catch (Exception e)
        {
            throw StoreFailures.Damaged(where, "the head of a class set is unreadable", remedy, e);
        }
        throw StoreFailures.Damaged(where, "the head of a class set is empty", remedy);
    }
}
