using FewShotCluster.Bench.Measurement;
using FewShotCluster.Vision.Inference;
using static TorchSharp.torch;

namespace FewShotCluster.Bench.Encoders;

/// <summary>What is measured.</summary>
public sealed record EncoderBenchOptions
{
    /// <summary>Names of workloads; null: all of a model.</summary>
    public IReadOnlySet<string>? Workloads { get; init; }

    /// <summary>Rows a call.</summary>
    public required IReadOnlyList<int> Batches { get; init; }

    /// <summary>Of torch and of ONNX Runtime.</summary>
    public required IReadOnlyList<int> Threads { get; init; }

    /// <summary>Of the compiled network; two that mean the same here are measured once.</summary>
    public required IReadOnlyList<ComputeDtype> Dtypes { get; init; }

    /// <summary>Of the compiled network; likewise.</summary>
    public required IReadOnlyList<ComputeKernels> Kernels { get; init; }

    /// <summary>Where the networks are.</summary>
    public Device Device { get; init; } = CPU;

    /// <summary>Compare with the plain modules, in float32 on the same device, in place of ONNX Runtime, which runs on the CPU alone.</summary>
    public bool AgainstEager { get; init; }

    /// <summary>How the rounds are made.</summary>
    public required Interleaved Rounds { get; init; }
}
