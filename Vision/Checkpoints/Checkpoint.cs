using static TorchSharp.torch;

namespace FewShotCluster.Vision.Checkpoints;

/// <summary>
/// Named tensors of a weights file, read one by one; nothing in a file is ever executed. Understands OpenAI's TorchScript
/// archives and torch zip pickles (<see cref="TorchArchiveReader"/>), torch's older stream pickles
/// (<see cref="LegacyTorchReader"/>) and safetensors (<see cref="SafetensorsReader"/>).
/// </summary>
public abstract class Checkpoint : IDisposable
{
    // Far above every published model (2.5 thousand million parameters); larger sizes come from damage or malice.
    private const long MaxElements = 1L << 40;
    // Sides of models are far below it, and its square stays within 64 bits.
    private const long MaxSide = 1 << 24;
    private readonly Dictionary<string, CheckpointTensor> tensors;

    /// <summary>Axes a tensor may have.</summary>
    private protected const int MaxAxes = 16;

    /// <summary>Takes over the directory of tensors that a reader found.</summary>
    private protected Checkpoint(string path, Dictionary<string, CheckpointTensor> tensors)
    {
        Path = path;
        this.tensors = tensors;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Every tensor by its name in the file.</summary>
    public IReadOnlyDictionary<string, CheckpointTensor> Tensors => tensors;

    /// <summary>Opens a weights file, choosing the reader by its first bytes.</summary>
    /// <exception cref="CheckpointException">Missing, damaged, hostile or of an unknown format.</exception>
    public static Checkpoint Open(string path)
    {
        return Guarded(path, () =>
        {
            Span<byte> start = stackalloc byte[32];
            using (var file = File.OpenRead(path)) start = start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
            if (start.Length < 4) throw new CheckpointException($"{path}: the file is empty or only {start.Length} bytes long");
            if (start.StartsWith("version https://git-lfs"u8))
                throw new CheckpointException(
                    $"{path}: this looks like a Git LFS pointer, not the weights; fetch them with 'git lfs pull'");
            return start.StartsWith("PK\u0003\u0004"u8) ? TorchArchiveReader.Open(path)
                : start.StartsWith(LegacyTorchReader.Magic) ? LegacyTorchReader.Open(path)
                : (Checkpoint)SafetensorsReader.Open(path);
        });
    }

    /// <summary>Shape of a tensor that must be there.</summary>
    /// <exception cref="CheckpointException">The checkpoint has no such tensor.</exception>
    public long[] Shape(string name) => tensors.TryGetValue(name, out var tensor)
        ? tensor.Shape
        : throw new CheckpointException($"{Path}: no tensor '{name}'; this is not the expected architecture");

    /// <summary>Shape of a tensor that decides a model's dimensions: of so many axes, none of them empty or beyond any model.</summary>
    /// <exception cref="CheckpointException">The tensor is missing or cannot be such a weight.</exception>
    internal long[] Shape(string name, int axes)
    {
        var shape = Shape(name);
        return shape.Length == axes && shape.All(n => n is > 0 and <= MaxSide)
            ? shape
            : throw new CheckpointException($"{Path}: '{name}' is [{string.Join(",", shape)}]; this is not the expected architecture");
    }

    /// <summary>Checks one tensor's shape before anything is built to it.</summary>
    /// <exception cref="CheckpointException">The tensor is missing or of another shape; both shapes are named.</exception>
    internal void Expect(string name, params long[] shape)
    {
        if (!Shape(name).SequenceEqual(shape))
            throw new CheckpointException(
                $"{Path}: '{name}' is [{string.Join(",", Shape(name))}], the other tensors ask for [{string.Join(",", shape)}]");
    }

    /// <summary>Reads one tensor in its stored dtype; the caller owns it.</summary>
    /// <exception cref="CheckpointException">No such tensor, or its bytes are damaged.</exception>
    public Tensor Read(string name)
    {
        if (!tensors.TryGetValue(name, out var tensor)) throw new CheckpointException($"{Path}: no tensor '{name}'");
        return Guarded(Path, () => Read(tensor));
    }

    /// <summary>Reads one tensor into another of as many elements, converted to its dtype.</summary>
    /// <exception cref="CheckpointException">No such tensor, or its bytes are damaged.</exception>
    internal void ReadInto(string name, Tensor target)
    {
        if (!tensors.TryGetValue(name, out var tensor)) throw new CheckpointException($"{Path}: no tensor '{name}'");
        Guarded(Path, () =>
        {
            // Straight into its memory: a copy in between would be the largest tensor twice.
            if (target.dtype == tensor.Dtype && target.device_type == TorchSharp.DeviceType.CPU && target.is_contiguous())
            {
                Fill(tensor, target);
                return 0;
            }
            using var stored = Read(tensor);
            using var shaped = stored.reshape(target.shape);
            target.copy_(shaped);
            return 0;
        });
    }

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Reads a tensor's elements into a contiguous one of its dtype and number of elements on the CPU.</summary>
    private protected abstract void Fill(CheckpointTensor tensor, Tensor target);

    private Tensor Read(CheckpointTensor tensor)
    {
        var result = empty(tensor.Shape, tensor.Dtype);
        try
        {
            Fill(tensor, result);
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <summary>Number of elements; refuses negative sizes and products beyond a gigantic file.</summary>
    internal static long ElementCount(string path, string name, long[] shape)
    {
        if (shape.Length > MaxAxes) throw new CheckpointException($"{path}: tensor '{name}' has {shape.Length} axes");
        // A zero hides the other sizes from the product, not from whoever builds a model to them.
        long product = 1;
        foreach (var n in shape)
        {
            if (n < 0 || (n > 0 && product > MaxElements / n))
                throw new CheckpointException($"{path}: tensor '{name}' has the impossible shape [{string.Join(", ", shape)}]");
            product *= Math.Max(n, 1);
        }
        return shape.Contains(0) ? 0 : product;
    }

    /// <summary>Tensors may share a storage (tied weights), but a small file must not become a large model by repeating one.</summary>
    private protected static void RefuseRepetition(string path, long fileLength, IEnumerable<CheckpointTensor> tensors)
    {
        Int128 claimed = 0;
        foreach (var tensor in tensors)
            claimed += (Int128)ElementCount(path, tensor.Name, tensor.Shape) * ((PickleTensor)tensor.Location).Storage.ElementSize;
        if (claimed > 2 * (Int128)fileLength)
            throw new CheckpointException($"{path}: tensors of {claimed} bytes in a file of {fileLength}");
    }

    // What the file and zip libraries throw on damage; anything else is a bug of ours and stays what it is.
    private static T Guarded<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or NotSupportedException
                                      or ArgumentException or OverflowException)
        {
            throw new CheckpointException($"{path}: cannot be read, damaged or truncated: {e.Message}", e);
        }
    }
}

/// <summary>Directory entry of a tensor.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Dtype">Stored element type.</param>
/// <param name="Shape">Dimensions.</param>
/// <param name="Location">Where its bytes are, in the reader's own terms.</param>
public sealed record CheckpointTensor(string Name, ScalarType Dtype, long[] Shape, object Location);
