namespace FewShotCluster.GrainInterfaces.ClassSets;

/// <summary>One version of a class set as it is exported: a JSON manifest and arrays that are read in chunks.</summary>
/// <param name="Version">The exported version: pass it back when reading.</param>
/// <param name="Manifest">UTF-8 JSON that describes everything but the arrays' numbers.</param>
/// <param name="Arrays">The arrays, in the order of the file.</param>
[GenerateSerializer, Immutable, Alias("fewshot.ClassSetArchive")]
public sealed record ClassSetArchive(
    [property: Id(0)] long Version, [property: Id(1)] byte[] Manifest, [property: Id(2)] ArchiveArray[] Arrays);

/// <summary>An array of an exported class set: C order, little-endian.</summary>
/// <param name="Name">Its path in the file without <c>.npy</c>.</param>
/// <param name="Type">NumPy's type: <c>&lt;f4</c>, <c>&lt;i4</c> or <c>|u1</c>.</param>
/// <param name="Shape">Its shape.</param>
[GenerateSerializer, Immutable, Alias("fewshot.ArchiveArray")]
public sealed record ArchiveArray([property: Id(0)] string Name, [property: Id(1)] string Type, [property: Id(2)] int[] Shape)
{
    /// <summary>Bytes of its numbers.</summary>
    public long Length => Shape.Aggregate((long)(Type.EndsWith('4') ? 4 : 1), (bytes, size) => bytes * size);
}
