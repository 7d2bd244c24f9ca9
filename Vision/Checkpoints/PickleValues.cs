using Microsoft.Win32.SafeHandles;
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

/// <summary>A storage of the file: its element type, its key and how many elements it has.</summary>
internal sealed record PickleStorage(ScalarType Dtype, string Key, long Count)
{
    public int ElementSize => Dtype switch
    {
        ScalarType.Float64 or ScalarType.Int64 => 8,
        ScalarType.Float32 or ScalarType.Int32 => 4,
        ScalarType.Float16 or ScalarType.BFloat16 => 2,
        _ => 1,
    };
}

/// <summary>A strided view of a storage: sizes, strides and offset in elements.</summary>
internal sealed record PickleTensor(PickleStorage Storage, long Offset, long[] Shape, long[] Strides)
{
    /// <summary>Whether the view is the storage as it lies there.</summary>
    public bool IsWhole => Offset == 0 && IsContiguous && Shape.Aggregate(1L, (product, n) => product * n) == Storage.Count;

    private bool IsContiguous
    {
        get
        {
            var step = 1L;
            for (var i = Shape.Length - 1; i >= 0; step *= Shape[i--])
                if (Shape[i] != 1 && Strides[i] != step) return false;
            return true;
        }
    }

    // The last element, counted from the view's first.
    private Int128 Reach
    {
        get
        {
            Int128 reach = 0;
            for (var i = 0; i < Shape.Length; i++) reach += (Int128)(Shape[i] - 1) * Strides[i];
            return reach;
        }
    }

    /// <summary>Checks that the view lies within its storage, and the storage's size against the bytes that are there.</summary>
    /// <exception cref="CheckpointException">An impossible view or storage.</exception>
    public void Check(string path, string name, long storedBytes)
    {
        if (storedBytes > int.MaxValue || (Int128)Storage.Count * Storage.ElementSize != storedBytes)
            throw new CheckpointException(
                $"{path}: storage {Storage.Key} of '{name}' has {storedBytes} bytes for {Storage.Count} elements of {Storage.Dtype}");
        var count = Checkpoint.ElementCount(path, name, Shape);
        if (Shape.Length != Strides.Length || Offset < 0 || Strides.Any(s => s < 0))
            throw new CheckpointException($"{path}: tensor '{name}' has an impossible view");
        // An expanded view (stride 0) could claim far more elements than the file holds.
        if (count > 0 && (Offset + Reach >= Storage.Count || count > Storage.Count))
            throw new CheckpointException($"{path}: tensor '{name}' reaches outside its storage");
    }

    /// <summary>Reads the view's elements, and only the part of the storage that they span.</summary>
    /// <param name="file">The file.</param>
    /// <param name="start">Where the storage begins in it.</param>
    /// <param name="target">As many elements of the storage's type, contiguous.</param>
    public void Fill(SafeFileHandle file, long start, Tensor target)
    {
        if (Shape.Contains(0)) return;
        start += Offset * Storage.ElementSize;
        if (IsContiguous)
        {
            FileBytes.ReadExactly(file, target.bytes, start);
            return;
        }
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var span = empty([(long)Reach + 1], Storage.Dtype);
        FileBytes.ReadExactly(file, span.bytes, start);
        target.copy_(span.as_strided(Shape, Strides).reshape(target.shape));
    }
}
