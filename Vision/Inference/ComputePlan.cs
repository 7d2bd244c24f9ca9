using System.Text.Json.Serialization;
using FewShotCluster.Vision.Inference.Cuda;
using FewShotCluster.Vision.Inference.Simd;
using TorchSharp;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference;

/// <summary>Number format of weights and activations, as options name it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ComputeDtype>))]
public enum ComputeDtype
{
    /// <summary>bfloat16 on CPUs that multiply it fast, float16 on GPUs, float32 elsewhere.</summary>
    [JsonStringEnumMemberName("auto")]
    Auto,

    /// <summary>The reference.</summary>
    [JsonStringEnumMemberName("float32")]
    Float32,

    /// <summary>Eight bits of mantissa, float32's range.</summary>
    [JsonStringEnumMemberName("bfloat16")]
    BFloat16,

    /// <summary>Eleven bits of mantissa; meant for GPUs.</summary>
    [JsonStringEnumMemberName("float16")]
    Float16,
}

/// <summary>What computes, as options name it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ComputeKernels>))]
public enum ComputeKernels
{
    /// <summary>The fastest for the device, the processor and the number format.</summary>
    [JsonStringEnumMemberName("auto")]
    Auto,

    /// <summary>Our own products and convolutions: float32 on AVX2 or AVX-512, bfloat16 on AVX512_BF16; the rest by oneDNN.</summary>
    [JsonStringEnumMemberName("simd")]
    Simd,

    /// <summary>oneDNN's prepacked and fused operators, on the CPU.</summary>
    [JsonStringEnumMemberName("onednn")]
    OneDnn,

    /// <summary>Torch's own operators, one by one, on every device.</summary>
    [JsonStringEnumMemberName("aten")]
    Aten,
}

/// <summary>How a network is computed on a device: number format and kernels, chosen by what the device can do.</summary>
public sealed record ComputePlan
{
    /// <summary>float32 on the CPU: what goldens are compared with.</summary>
    public static ComputePlan Reference => For(CPU, ComputeDtype.Float32);

    private ComputePlan(Device device, ScalarType dtype, Kernels kernels, GraphPool? graphs) =>
        (Device, Dtype, Kernels, Graphs) = (device, dtype, kernels, graphs);

    /// <summary>Where weights and activations are.</summary>
    public Device Device { get; }

    /// <summary>Of weights and activations.</summary>
    public ScalarType Dtype { get; }

    /// <summary>The number format as options name it.</summary>
    public string DtypeName => Dtype.ToString().ToLowerInvariant();

    /// <summary>Kernels and, on a CPU, its vector extensions: <c>onednn avx2</c>, <c>aten cuda graphs</c>.</summary>
    public string KernelsName => $"{Kernels.Name} {(IsCpu ? CpuFeatures.Description : Graphs is not null ? "cuda graphs" : "cuda")}";

    internal Kernels Kernels { get; }

    internal bool IsCpu => Device.type == DeviceType.CPU;

    /// <summary>Where networks are replayed as CUDA graphs: the memory that those of this plan share.</summary>
    internal GraphPool? Graphs { get; }

    /// <summary>
    /// The plan for a device; null: the CPU. Kernels that cannot compute there, or not this number format, give way to the next.
    /// </summary>
    /// <remarks>
    /// Ours are for float32 on AVX2 or AVX-512 and, where libtorch has <see cref="Brgemm"/>, for bfloat16. oneDNN computes float32 always and bfloat16 where the processor has it; what it would emulate goes to torch's own operators, which are slow but right. A GPU has torch's operators
    /// alone, recorded as CUDA graphs unless they were asked for by name.
    /// </remarks>
    public static ComputePlan For(
        Device? device = null, ComputeDtype dtype = ComputeDtype.Auto, ComputeKernels kernels = ComputeKernels.Auto)
    {
        device ??= CPU;
        var isCpu = device.type == DeviceType.CPU;
        if (isCpu) NativeHeap.KeepFreed();
        else PrepareCuda();
        var scalar = dtype switch
        {
            ComputeDtype.Float32 => ScalarType.Float32,
            ComputeDtype.BFloat16 => ScalarType.BFloat16,
            ComputeDtype.Float16 => ScalarType.Float16,
            _ => isCpu ? CpuFeatures.FastBFloat16 ? ScalarType.BFloat16 : ScalarType.Float32 : ScalarType.Float16,
        };
        var isSingle = isCpu && scalar == ScalarType.Float32;
        var isNative = isSingle || (isCpu && scalar == ScalarType.BFloat16 && CpuFeatures.FastBFloat16);
        var oneDnn = isNative && kernels != ComputeKernels.Aten ? Kernels.OneDnn : null;
        var isOurs = oneDnn is not null && kernels != ComputeKernels.OneDnn && (isSingle || Brgemm.IsSupported);
        return new ComputePlan(
            device, scalar, (isOurs ? Kernels.Simd : null) ?? oneDnn ?? Kernels.Aten,
            !isCpu && kernels != ComputeKernels.Aten && CudaGraph.IsSupported ? new GraphPool() : null);
    }

    private static void PrepareCuda()
    {
        // float32 is the reference: convolutions in TensorFloat32, torch's default, keep ten bits of it.
        backends.cudnn.allow_tf32 = false;
        CudaGraph.StopFusing();
    }

    /// <inheritdoc/>
    public override string ToString() => $"{DtypeName} {KernelsName}";
}
