using static TorchSharp.torch;

namespace FewShotCluster.Vision.Checkpoints;

/// <summary>
/// Named tensors of a weights file, read one by one; nothing in a file is ever executed. Understands OpenAI's TorchScript
/// archives and torch zip pickles (<see cref="TorchArchiveReader"/>) and safetensors (<see cref="SafetensorsReader"/>).
/// </summary>
public abstract class Checkpoint : IDisposable
{
    private readonly Dictionary<string, CheckpointTensor> tensors;

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
        try
        {
            Span<byte> start = stackalloc byte[4];
            using (var file = File.OpenRead(path))
                if (file.ReadAtLeast(start, 4, throwOnEndOfStream: false) < 4)
                    throw new CheckpointException($"{path}: the file is empty or only {file.Length} bytes long");
            return start.SequenceEqual("PK\u0003\u0004"u8) ? TorchArchiveReader.Open(path) : SafetensorsReader.Open(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Shape of a tensor that must be there.</summary>
    /// <exception cref="CheckpointException">The checkpoint has no such tensor.</exception>
    public long[] Shape(string name) => tensors.TryGetValue(name, out var tensor)
        ? tensor.Shape
        : throw new CheckpointException($"{Path}: no tensor '{name}'; this is not the expected architecture");

    /// <summary>Reads one tensor in its stored dtype; the caller owns it.</summary>
    public Tensor Read(string name)
    {
        if (!tensors.TryGetValue(name, out var tensor)) throw new CheckpointException($"{Path}: no tensor '{name}'");
        return Read(tensor);
    }

    /// <inheritdoc/>
    public abstract void Dispose();

    private protected abstract Tensor Read(CheckpointTensor tensor);

    /// <summary>Number of elements; refuses negative sizes and products beyond a gigantic file.</summary>
    private protected static long ElementCount(string path, string name, long[] shape)
    {
        long count = 1;
        foreach (var n in shape)
        {
            if (n < 0 || (n > 0 && count > (1L << 40) / n))
                throw new CheckpointException($"{path}: tensor '{name}' has the impossible shape [{string.Join(", ", shape)}]");
            count *= n;
        }
        return count;
    }
}

/// <summary>Directory entry of a tensor.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Dtype">Stored element type.</param>
/// <param name="Shape">Dimensions.</param>
/// <param name="Location">Where its bytes are, in the reader's own terms.</param>
public sealed record CheckpointTensor(string Name, ScalarType Dtype, long[] Shape, object Location);
