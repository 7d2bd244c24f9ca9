using FewShotCluster.Bench.Encoders;
using FewShotCluster.Vision.Models;
using static TorchSharp.torch;

namespace FewShotCluster.Bench.Models;

/// <summary>A network in memory, with what is measured on it.</summary>
public sealed class BenchModel : IDisposable
{
    private static readonly int[] ConvNeXtSides = [224, 384];
    private readonly nn.Module module;

    /// <param name="module">A Clip or a ConvNeXtV2; the bench model's from now on.</param>
    /// <param name="name">Names the workloads, unless the architecture is one of <see cref="TrueSize"/>.</param>
    public BenchModel(nn.Module module, string name)
    {
        this.module = module;
        var known = TrueSize.Of(module);
        Workloads = module switch
        {
            ConvNeXtV2 model => [.. ConvNeXtSides.Select(side => Workload.ConvNeXt($"{known?.Name ?? name}-{side}", model, side))],
            Clip clip => OfClip(clip, known?.Workloads ?? [name, $"{name}-text-full", $"{name}-text-prompt"]),
            _ => throw new ArgumentException($"a {module.GetName()} is not measured"),
        };
    }

    public IReadOnlyList<Workload> Workloads { get; }

    public void Dispose() => module.Dispose();

    private static IReadOnlyList<Workload> OfClip(Clip clip, IReadOnlyList<string> names) => names.Count == 1
        ? [Workload.Image(names[0], clip)]
        : [Workload.Image(names[0], clip), Workload.FullTexts(names[1], clip), Workload.Prompts(names[2], clip)];
}
