using static TorchSharp.torch;

namespace FewShotCluster.Vision.Checkpoints;

/// <summary>A name that a pickle refers to; a word on an allow-list, never resolved to code.</summary>
internal sealed record PickleGlobal(string Module, string Name)
{
    public override string ToString() => $"{Module}.{Name}";
}

/// <summary>An object of a TorchScript class: only its attributes are kept.</summary>
internal sealed class PickleObject
{
    public Dictionary<object, object?>? Attributes { get; set; }
}

/// <summary>A storage record of the archive.</summary>
internal sealed record PickleStorage(ScalarType Dtype, string Key, long Count);

/// <summary>A strided view of a storage: sizes, strides and offset in elements.</summary>
internal sealed record PickleTensor(PickleStorage Storage, long Offset, long[] Shape, long[] Strides);
