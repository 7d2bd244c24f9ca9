using System.Buffers.Binary;
using System.Text;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Checkpoints;

/// <summary>
/// Interprets the pickle opcodes that state dicts and TorchScript modules are made of. Names must be on an allow-list, and
/// nothing is ever called or constructed: tensors become <see cref="PickleTensor"/>, modules <see cref="PickleObject"/>.
/// Opcodes: CPython's pickletools, protocol 2 to 4 subset. Reads no byte beyond STOP, as the stream format puts several pickles in a row.
/// </summary>
internal sealed class RestrictedUnpickler(string path, Stream pickle, MemoryBudget budget)
{
    private const int MaxLineBytes = 1024;
    private static readonly Dictionary<string, ScalarType> StorageTypes = new()
    {
        ["FloatStorage"] = ScalarType.Float32,
        ["HalfStorage"] = ScalarType.Float16,
        ["BFloat16Storage"] = ScalarType.BFloat16,
        ["DoubleStorage"] = ScalarType.Float64,
        ["LongStorage"] = ScalarType.Int64,
        ["IntStorage"] = ScalarType.Int32,
        ["ByteStorage"] = ScalarType.Byte,
        ["BoolStorage"] = ScalarType.Bool,
    };

    private readonly Stack<object?> stack = new();
    private readonly Stack<int> marks = new();
    private readonly Dictionary<int, object?> memo = [];
    private readonly Dictionary<string, PickleStorage> storages = [];

    /// <summary>Every storage that the pickle refers to, also those outside the state dict, by key.</summary>
    public IReadOnlyDictionary<string, PickleStorage> Storages => storages;

    /// <summary>Runs to STOP and returns the top value.</summary>
    /// <exception cref="CheckpointException">An opcode or name outside the subset, or a damaged pickle.</exception>
    public object? Load()
    {
        try
        {
            while (true)
            {
                var opcode = Byte();
                if (opcode == '.') return Pop();
                budget.SpendObject(); // the most that an opcode alone can leave behind
                Execute(opcode);
            }
        }
        catch (Exception e) when (e is IndexOutOfRangeException or ArgumentException or InvalidOperationException or InvalidCastException
                                      or KeyNotFoundException or NullReferenceException or OverflowException or EndOfStreamException)
        {
            throw new CheckpointException($"{path}: damaged pickle at byte {pickle.Position}: {e.Message}", e);
        }
    }

    private void Execute(byte opcode)
    {
        switch (opcode)
        {
            case 0x80: Byte(); break; // PROTO
            case (byte)'}': stack.Push(new Dictionary<object, object?>()); break;
            case (byte)']': stack.Push(new List<object?>()); break;
            case (byte)')': stack.Push(Array.Empty<object?>()); break;
            case (byte)'N': stack.Push(null); break;
            case 0x88: stack.Push(true); break;
            case 0x89: stack.Push(false); break;
            case (byte)'K': stack.Push((long)Byte()); break;
            case (byte)'M': stack.Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
            case (byte)'J': stack.Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
            case (byte)'G': stack.Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); break;
            case 0x8A: stack.Push(LongInteger(Take(Byte()))); break;
            case (byte)'X': stack.Push(Encoding.UTF8.GetString(Take(BinaryPrimitives.ReadInt32LittleEndian(Take(4))))); break;
            case (byte)'c': stack.Push(Allowed(new PickleGlobal(Line(), Line()))); break;
            case (byte)'q': memo[Byte()] = stack.Peek(); break;
            case (byte)'r': memo[BinaryPrimitives.ReadInt32LittleEndian(Take(4))] = stack.Peek(); break;
            case (byte)'h': stack.Push(memo[Byte()]); break;
            case (byte)'j': stack.Push(memo[BinaryPrimitives.ReadInt32LittleEndian(Take(4))]); break;
            case (byte)'(': marks.Push(stack.Count); break;
            case (byte)'t': stack.Push(PopToMark()); break;
            case 0x85: stack.Push(PopTuple(1)); break;
            case 0x86: stack.Push(PopTuple(2)); break;
            case 0x87: stack.Push(PopTuple(3)); break;
            case (byte)'s': SetItems(PopTuple(2)); break;
            case (byte)'u': SetItems(PopToMark()); break;
            case (byte)'a': { var item = Pop(); ((List<object?>)stack.Peek()!).Add(item); break; }
            case (byte)'e': { var items = PopToMark(); ((List<object?>)stack.Peek()!).AddRange(items); break; }
            case (byte)'Q': stack.Push(Storage((object?[])Pop()!)); break;
            case (byte)'R': { var arguments = (object?[])Pop()!; stack.Push(Reduce((PickleGlobal)Pop()!, arguments)); break; }
            case 0x81: Pop(); Pop(); stack.Push(new PickleObject()); break; // NEWOBJ of a TorchScript class
            case (byte)'b': Build(Pop()); break;
            default: throw new CheckpointException($"{path}: pickle opcode 0x{opcode:x2} at byte {pickle.Position - 1} is not allowed");
        }
    }

    private PickleGlobal Allowed(PickleGlobal name)
    {
        var allowed = name.Module switch
        {
            "torch" => StorageTypes.ContainsKey(name.Name),
            "torch._utils" => name.Name is "_rebuild_tensor_v2" or "_rebuild_parameter",
            "collections" => name.Name == "OrderedDict",
            "argparse" => name.Name == "Namespace", // facebookresearch checkpoints carry their training arguments
            "torch.jit._pickle" => name.Name is "build_intlist" or "build_doublelist",
            _ => name.Module == "__torch__" || name.Module.StartsWith("__torch__.", StringComparison.Ordinal),
        };
        return allowed
            ? name
            : throw new CheckpointException($"{path}: the pickle refers to '{name}', which is not allowed in a checkpoint");
    }

    // Stands in for a call: only these shapes of result exist, none of the named functions runs.
    private object? Reduce(PickleGlobal function, object?[] arguments) => function.ToString() switch
    {
        "torch._utils._rebuild_tensor_v2" => new PickleTensor(
            (PickleStorage)arguments[0]!, (long)arguments[1]!, Integers(arguments[2]!), Integers(arguments[3]!)),
        "torch._utils._rebuild_parameter" => arguments[0],
        "collections.OrderedDict" => new Dictionary<object, object?>(),
        "argparse.Namespace" => new PickleObject(),
        "torch.jit._pickle.build_intlist" or "torch.jit._pickle.build_doublelist" => arguments[0],
        _ => throw new CheckpointException($"{path}: the pickle calls '{function}', which is not allowed in a checkpoint"),
    };

    private PickleStorage Storage(object?[] id)
    {
        if ((string)id[0]! != "storage" || id[1] is not PickleGlobal { Module: "torch" } type
            || !StorageTypes.TryGetValue(type.Name, out var dtype))
            throw new CheckpointException($"{path}: unknown persistent id in the pickle");
        if (id.Length > 5 && id[5] is not null)
            throw new CheckpointException($"{path}: storage views of torch before 0.4 are not supported");
        var storage = new PickleStorage(dtype, (string)id[2]!, (long)id[4]!);
        if (!storages.TryAdd(storage.Key, storage) && storages[storage.Key] != storage)
            throw new CheckpointException($"{path}: storage '{storage.Key}' is described in two ways");
        return storage;
    }

    private void Build(object? state)
    {
        // OrderedDict's _metadata and argparse attributes are of no use here; a module's attributes are its tensors.
        if (stack.Peek() is PickleObject target && state is Dictionary<object, object?> attributes) target.Attributes = attributes;
    }

    private void SetItems(object?[] items)
    {
        var target = (Dictionary<object, object?>)stack.Peek()!;
        for (var i = 0; i < items.Length; i += 2) target[items[i]!] = items[i + 1];
    }

    private static long[] Integers(object tuple) => Array.ConvertAll((object?[])tuple, n => (long)n!);

    private static long LongInteger(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 8) throw new OverflowException("an integer of more than 64 bits");
        long value = bytes.Length > 0 && (bytes[^1] & 0x80) != 0 ? -1 : 0;
        for (var i = bytes.Length - 1; i >= 0; i--) value = (value << 8) | bytes[i];
        return value;
    }

    private object? Pop() => stack.Count > (marks.Count > 0 ? marks.Peek() : 0)
        ? stack.Pop()
        : throw new InvalidOperationException("empty stack");

    private object?[] PopTuple(int count)
    {
        var items = new object?[count];
        for (var i = count - 1; i >= 0; i--) items[i] = Pop();
        return items;
    }

    private object?[] PopToMark()
    {
        var count = stack.Count - marks.Peek();
        var items = PopTuple(count);
        marks.Pop();
        return items;
    }

    private byte Byte() => pickle.ReadByte() is >= 0 and var value
        ? (byte)value
        : throw new EndOfStreamException("it ends before its STOP");

    private byte[] Take(int count)
    {
        // Before allocating: the count is a claim of the file.
        if (count < 0 || count > pickle.Length - pickle.Position) throw new EndOfStreamException($"{count} bytes are not there");
        budget.Spend(3L * count); // the bytes, and two a character
        var bytes = new byte[count];
        pickle.ReadExactly(bytes);
        return bytes;
    }

    private string Line()
    {
        var line = new StringBuilder();
        for (byte next; (next = Byte()) != '\n';)
        {
            if (line.Length == MaxLineBytes) throw new OverflowException($"a name of more than {MaxLineBytes} characters");
            line.Append((char)next);
        }
        return line.ToString();
    }
}
