namespace FewShotCluster.Vision.Checkpoints;

/// <summary>
/// The tensors in an unpickled checkpoint: a state dict (plain or under <c>model</c> / <c>state_dict</c>), or a tree of TorchScript
/// modules, which is flattened to dotted names.
/// </summary>
internal sealed class StateDict
{
    // A pickle can share objects, so a small file could describe an endless walk.
    private const int MaxDepth = 64, MaxEntries = 1_000_000;
    private static readonly string[] Wrappers = ["model", "state_dict"];
    private readonly string path;
    private readonly MemoryBudget budget;
    private readonly Dictionary<string, CheckpointTensor> tensors = [];
    private int entries;

    private StateDict(string path, MemoryBudget budget) => (this.path, this.budget) = (path, budget);

    /// <summary>Every tensor by its dotted name; its location is the <see cref="PickleTensor"/>.</summary>
    /// <exception cref="CheckpointException">No state dict, or one that is nested or repeated without end.</exception>
    public static Dictionary<string, CheckpointTensor> Tensors(string path, object? top, MemoryBudget budget)
    {
        var state = new StateDict(path, budget);
        state.Collect(state.Root(top), "", 0);
        return state.tensors;
    }

    private Dictionary<object, object?> Root(object? top)
    {
        if (top is PickleObject { Attributes: { } attributes }) return attributes;
        if (top is not Dictionary<object, object?> state) throw new CheckpointException($"{path}: the pickle holds no state dict");
        foreach (var key in Wrappers)
            if (state.TryGetValue(key, out var inner) && inner is Dictionary<object, object?> nested)
                return nested;
        return state;
    }

    private void Collect(Dictionary<object, object?> node, string prefix, int depth)
    {
        if (depth > MaxDepth) throw new CheckpointException($"{path}: modules nested deeper than {MaxDepth}");
        foreach (var (key, value) in node)
        {
            if (++entries > MaxEntries) throw new CheckpointException($"{path}: more than {MaxEntries} entries are no state dict");
            var name = prefix + key;
            if (name.Length > MemoryBudget.MaxNameLength)
                throw new CheckpointException($"{path}: a name of {name.Length} characters is no tensor's");
            if (value is PickleTensor tensor)
            {
                budget.SpendObject(name.Length);
                tensors[name] = new CheckpointTensor(name, tensor.Storage.Dtype, tensor.Shape, tensor);
            }
            else if (value is PickleObject { Attributes: { } attributes })
            {
                Collect(attributes, name + ".", depth + 1);
            }
        }
    }
}
