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

    private protected override void Fill(CheckpointTensor tensor, Tensor target) => ((Action<Tensor>)tensor.Location)(target);

    /// <summary>Collects what each tensor of the target naming is made of.</summary>
    internal sealed class Builder(Checkpoint source)
    {
        private readonly Dictionary<string, CheckpointTensor> tensors = [];

        /// <summary>The same tensor under another name.</summary>
        public void Rename(string from, string to) => Add(to, source.Shape(from), from, target => source.ReadInto(from, target));

        /// <summary>[a, b] as [b, a]: torch's Linear keeps [out, in], OpenAI's projections are applied from the right.</summary>
        public void Transpose(string from, string to)
        {
            if (source.Shape(from) is not [var a, var b]) throw new CheckpointException($"{source.Path}: '{from}' is no matrix");
            Add(to, [b, a], from, target =>
            {
                using var scope = NewDisposeScope();
                using var _ = no_grad();
                target.view(b, a).copy_(source.Read(from).t());
            });
        }

        /// <summary>The same elements in another shape.</summary>
        public void Reshape(string from, string to, params long[] shape)
        {
            if (ElementCount(source.Path, from, shape) != ElementCount(source.Path, from, source.Shape(from)))
                throw new CheckpointException(
                    $"{source.Path}: '{from}' [{string.Join(",", source.Shape(from))}] does not fit [{string.Join(",", shape)}]");
            Add(to, shape, from, target => source.ReadInto(from, target));
        }

        /// <summary>Tensors of one shape, one after the other along the first dimension.</summary>
        public void Concatenate(string[] from, string to)
        {
            var first = source.Shape(from[0]);
            if (first.Length == 0) throw new CheckpointException($"{source.Path}: '{from[0]}' is a scalar");
            foreach (var name in from) source.Expect(name, first);
            Add(to, [first[0] * from.Length, .. first[1..]], from[0], target =>
            {
                using var scope = NewDisposeScope();
                using var _ = no_grad();
                foreach (var (name, part) in from.Zip(target.chunk(from.Length, 0))) source.ReadInto(name, part);
            });
        }

        /// <summary>The view.</summary>
        public Checkpoint Build() => new RemappedCheckpoint(source, tensors);

        private void Add(string to, long[] shape, string from, Action<Tensor> fill)
        {
            var entry = new CheckpointTensor(to, source.Tensors[from].Dtype, shape, fill);
            if (!tensors.TryAdd(to, entry))
                throw new CheckpointException($"{source.Path}: two tensors stand for '{to}', '{from}' is one");
        }
    }
}
