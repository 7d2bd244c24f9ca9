using System.Runtime.InteropServices;
using FewShotCluster.Vision.Inference;
using FewShotCluster.Vision.Inference.Cuda;
using static TorchSharp.torch;

namespace FewShotCluster.Bench.Encoders;

/// <summary>A network of this repository, on torch: the compiled one that serves, or the plain modules.</summary>
/// <param name="name">As figures name it.</param>
/// <param name="plan">Where the network is and its number format.</param>
/// <param name="forward">The network; its result belongs to the dispose scope.</param>
/// <param name="prepare">What happens to a batch on the host before; null: nothing.</param>
/// <param name="owned">Disposed with the contender; null: the weights are another's.</param>
public sealed class TorchContender(
    string name, ComputePlan plan, Func<Tensor, Tensor> forward, Func<Tensor, Tensor>? prepare = null, IDisposable? owned = null) : IContender
{
    private readonly RecordedNetwork network = new(plan, forward);
    private readonly List<Tensor> inputs = [];

    public string Name => name;

    public Func<float[]> Prepare(BenchInput input)
    {
        using var made = input.ToTensor();
        using var prepared = prepare?.Invoke(made) ?? made.alias();
        var tensor = prepared.to(plan.Device).to(input.Pixels is null ? made.dtype : plan.Dtype).DetachFromDisposeScope();
        inputs.Add(tensor);
        var results = Array.Empty<float>();
        return () =>
        {
            using var mode = inference_mode();
            using var scope = NewDisposeScope();
            // Copying out waits for the device.
            var features = MemoryMarshal.Cast<byte, float>(network.Run(tensor).to(ScalarType.Float32).cpu().contiguous().bytes);
            if (results.Length != features.Length) results = new float[features.Length];
            features.CopyTo(results);
            return results;
        };
    }

    public void Dispose()
    {
        network.Dispose();
        foreach (var input in inputs) input.Dispose();
        owned?.Dispose();
    }
}
