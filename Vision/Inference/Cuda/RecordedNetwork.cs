using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference.Cuda;

/// <summary>
/// A network that a GPU replays as a <see cref="CudaGraph"/>, one for each shape of its input; elsewhere, and beyond
/// <see cref="MostShapes"/>, it is computed kernel by kernel. Used by one thread at a time.
/// </summary>
/// <param name="plan">Where.</param>
/// <param name="network">From an input on the device to its result; nothing in between may be read on the host.</param>
internal sealed class RecordedNetwork(ComputePlan plan, Func<Tensor, Tensor> network) : IDisposable
{
    // The batch sizes of a server, and for texts its lengths.
    private const int MostShapes = 64;

    private readonly Dictionary<string, Recording> recordings = [];

    /// <summary>Runs the network.</summary>
    /// <param name="input">On the host (page-locked: the copy is asynchronous then) or on the device.</param>
    /// <returns>Belongs to the caller's dispose scope; to be read before the next call, which may overwrite it.</returns>
    public Tensor Run(Tensor input)
    {
        if (plan.Graphs is null) return network(input.to(plan.Device));
        var shape = string.Join('x', input.shape);
        if (!recordings.TryGetValue(shape, out var recording))
        {
            if (recordings.Count == MostShapes) return network(input.to(plan.Device));
            recordings.Add(shape, recording = new Recording(plan.Device, plan.Graphs, network, input));
        }
        return recording.Run(input);
    }

    /// <summary>Frees the recordings.</summary>
    public void Dispose()
    {
        foreach (var recording in recordings.Values) recording.Dispose();
        recordings.Clear();
    }

    private sealed class Recording : IDisposable
    {
        private readonly CudaGraph graph;
        private readonly Tensor input;
        private Tensor? output;

        public Recording(Device device, GraphPool pool, Func<Tensor, Tensor> network, Tensor example)
        {
            input = example.to(device, copy: true).DetachFromDisposeScope();
            try
            {
                graph = CudaGraph.Record(device, pool, () =>
                {
                    using var scope = NewDisposeScope();
                    output?.Dispose();
                    output = network(input).DetachFromDisposeScope();
                });
            }
            catch
            {
                input.Dispose();
                output?.Dispose();
                throw;
            }
        }

        public Tensor Run(Tensor values)
        {
            input.copy_(values, nonBlocking: true);
            graph.Replay();
            return output!.alias();
        }

        public void Dispose()
        {
            graph.Dispose();
            input.Dispose();
            output?.Dispose();
        }
    }
}
