using static TorchSharp.torch;

namespace FewShotCluster.Vision.Checkpoints;

/// <summary>
/// Another checkpoint under other names and shapes; a tensor is read and converted when it is asked for. The source remains its
/// owner's: disposing this view leaves it open.
/// </summary>
internal sealed class RemappedCheckpoint : Checkpoint
{
    private readonly Checkpoint source;

    private RemappedCheckpoint(Checkpoint source, Dictionary<string, CheckpointTensor> tensors)
        : base(source.Path, tensors) => this.source = source;

    public override void Dispose()
    {
    }

    private protected override Tensor Read(CheckpointTensor tensor)
    {
        using var scope = NewDisposeScope();
        var recipe = (Recipe)tensor.Location;
        return recipe.Make([.. recipe.Sources.Select(source.Read)]).MoveToOuterDisposeScope();
    }

    private sealed record Recipe(string[] Sources, Func<Tensor[], Tensor> Make);

    /// <summary>Collects what each tensor of the target naming is made of.</summary>
    internal sealed class Builder(Checkpoint source)
    {
        private readonly Dictionary<string, CheckpointTensor> tensors = [];

        /// <summary>The same tensor under another name.</summary>
        public void Rename(string from, string to) => Add(to, source.Shape(from), [from], t => t[0]);

        /// <summary>[a, b] as [b, a]: torch's Linear keeps [out, in], OpenAI's projections are applied from the right.</summary>
        public void Transpose(string from, string to)
        {
            if (source.Shape(from) is not [var a, var b]) throw new CheckpointException($"{source.Path}: '{from}' is no matrix");
            Add(to, [b, a], [from], t => t[0].t().contiguous());
        }

        /// <summary>The same elements in another shape.</summary>
        public void Reshape(string from, string to, params long[] shape)
        {
            if (ElementCount(source.Path, from, shape) != ElementCount(source.Path, from, source.Shape(from)))
                throw new CheckpointException(
                    $"{source.Path}: '{from}' [{string.Join(",", source.Shape(from))}] does not fit [{string.Join(",", shape)}]");
            Add(to, shape, [from], t => t[0].reshape(shape));
        }

        /// <summary>Tensors of one shape, one after the other along the first dimension.</summary>
        public void Concatenate(string[] from, string to)
        {
            var first = source.Shape(from[0]);
            if (first.Length == 0) throw new CheckpointException($"{source.Path}: '{from[0]}' is a scalar");
            foreach (var name in from) source.Expect(name, first);
            Add(to, [first[0] * from.Length, .. first[1..]], from, t => cat(t, 0));
        }

        /// <summary>The view.</summary>
        public Checkpoint Build() => new RemappedCheckpoint(source, tensors);

        private void Add(string to, long[] shape, string[] from, Func<Tensor[], Tensor> make)
        {
            var entry = new CheckpointTensor(to, source.Tensors[from[0]].Dtype, shape, new Recipe(from, make));
            if (!tensors.TryAdd(to, entry))
                throw new CheckpointException($"{source.Path}: two tensors stand for '{to}', '{from[0]}' is one");
        }
    }
}
