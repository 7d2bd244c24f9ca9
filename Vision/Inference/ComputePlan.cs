using System.Text.Json.Serialization;
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

/// <summary>How a network is computed on a device: number format and kernels, chosen by what the device can do.</summary>
public sealed record ComputePlan
{
    /// <summary>float32 on the CPU: what goldens are compared with.</summary>
    public static ComputePlan Reference => For(CPU, ComputeDtype.Float32);

    private ComputePlan(Device device, ScalarType dtype, Kernels kernels) => (Device, Dtype, Kernels) = (device, dtype, kernels);

    /// <summary>Where weights and activations are.</summary>
    public Device Device { get; }

    /// <summary>Of weights and activations.</summary>
    public ScalarType Dtype { get; }

    /// <summary>The number format as options name it.</summary>
    public string DtypeName => Dtype.ToString().ToLowerInvariant();

    /// <summary>Kernels and, on a CPU, its vector extensions: <c>onednn avx2</c>, <c>aten cuda</c>.</summary>
    public string KernelsName => $"{Kernels.Name} {(IsCpu ? CpuFeatures.Description : Device.type.ToString().ToLowerInvariant())}";

    internal Kernels Kernels { get; }

    internal bool IsCpu => Device.type == DeviceType.CPU;

    /// <summary>The plan for a device; null: the CPU.</summary>
    /// <remarks>
    /// oneDNN computes float32 always and bfloat16 where the processor has it; what it would emulate goes to torch's own operators, which
    /// are slow but right.
    /// </remarks>
    public static ComputePlan For(Device? device = null, ComputeDtype dtype = ComputeDtype.Auto)
    {
        device ??= CPU;
        var isCpu = device.type == DeviceType.CPU;
        var scalar = dtype switch
        {
            ComputeDtype.Float32 => ScalarType.Float32,
            ComputeDtype.BFloat16 => ScalarType.BFloat16,
            ComputeDtype.Float16 => ScalarType.Float16,
            _ => isCpu ? CpuFeatures.FastBFloat16 ? ScalarType.BFloat16 : ScalarType.Float32 : ScalarType.Float16,
        };
        var oneDnnIsFast = isCpu && (scalar == ScalarType.Float32 || (scalar == ScalarType.BFloat16 && CpuFeatures.FastBFloat16));
        return new ComputePlan(device, scalar, (oneDnnIsFast ? Kernels.OneDnn : null) ?? Kernels.Aten);
    }

    /// <summary>The same on torch's own operators: what a device without oneDNN computes.</summary>
    internal ComputePlan WithAten() => new(Device, Dtype, Kernels.Aten);

    /// <inheritdoc/>
    public override string ToString() => $"{DtypeName} {KernelsName}";
}
