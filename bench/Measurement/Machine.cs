using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using static TorchSharp.torch;

namespace FewShotCluster.Bench.Measurement;

/// <summary>The machine that figures belong to.</summary>
/// <param name="Cpu">Model, and the vector extensions that decide how fast a network runs.</param>
/// <param name="Cores">That this process may use.</param>
/// <param name="Gpu">Null where torch sees none.</param>
/// <param name="Os">Name and version.</param>
public sealed record Machine(
    string Cpu, int Cores, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Gpu, string Os)
{
    private const string CpuInfo = "/proc/cpuinfo", Gpus = "/proc/driver/nvidia/gpus";
    private static readonly string[] Extensions = ["avx2", "avx512f", "avx512_bf16", "amx_bf16"];

    public static Machine Here() => new(
        File.Exists(CpuInfo) ? DescribeCpu(File.ReadLines(CpuInfo)) : RuntimeInformation.ProcessArchitecture.ToString(),
        Environment.ProcessorCount, DescribeGpu(), RuntimeInformation.OSDescription);

    /// <summary>From the lines "key : value" of /proc/cpuinfo; those of ARM processors give their architecture only.</summary>
    internal static string DescribeCpu(IEnumerable<string> cpuInfo)
    {
        var facts = cpuInfo.TakeWhile(line => line.Length > 0).Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries))
            .Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1]);
        var model = facts.GetValueOrDefault("model name", RuntimeInformation.ProcessArchitecture.ToString());
        var flags = facts.GetValueOrDefault("flags", "").Split(' ');
        var present = Extensions.Where(flags.Contains).ToList();
        if (present.Count > 0) model += $" ({string.Join(", ", present)})";
        return facts.TryGetValue("cpu family", out var family) ? $"{model}, family {family} model {facts["model"]}" : model;
    }

    private static string? DescribeGpu()
    {
        if (!cuda.is_available()) return null;
        var names = Directory.Exists(Gpus)
            ? Directory.GetDirectories(Gpus).SelectMany(gpu => File.ReadLines(Path.Combine(gpu, "information")))
                .Where(line => line.StartsWith("Model:", StringComparison.Ordinal)).Select(line => line["Model:".Length..].Trim()).ToList()
            : [];
        return names.Count > 0 ? string.Join(", ", names) : $"{cuda.device_count()} CUDA devices";
    }
}
