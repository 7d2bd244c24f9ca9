using FewShotCluster.Vision.Adaptation;
using FewShotCluster.Vision.Numerics;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Grains.Adaptation;

/// <summary>Which classes a pool seems to show, by the encoders' fused text labels of the traffic that it stands for.</summary>
/// <param name="Coverage">Share of the classes.</param>
/// <param name="Covered">Positions of the classes to fit: all where enough seem present, else those that do.</param>
/// <param name="Rows">Images whose best class by text is one of them.</param>
internal sealed record Presence(double Coverage, int[] Covered, int[] Rows)
{
    public static Presence Of(ProxyProblem problem, torch.Device device)
    {
        Tensor? labels = null;
        foreach (var encoder in problem.Encoders)
        {
            var features = FitMatrix.Read(encoder.Images, encoder.Dimension, device);               // [N,D]
            var text = FitMatrix.Read(encoder.Text, encoder.Dimension, device).t();                 // [D,C]
            var own = Scores.SoftLabels(features, text, problem.Rules.TextTemperature / encoder.LogitScale).Times(encoder.Share);
            labels = labels is null ? own : labels.Plus(own);                                           // [N,C]
        }
        var weights = torch.tensor(problem.Weights, dtype: torch.ScalarType.Float32).to(device).unsqueeze(1);   // [N,1]
        var isCovered = InmapGate.Covered(labels! * (weights / weights.mean()));
        var coverage = isCovered.Count(covered => covered) / (double)isCovered.Length;
        // So few seem absent that most of those are there, and text alone misses them.
        if (coverage >= InmapGate.MinimumCoverage) Array.Fill(isCovered, true);
        var best = labels!.argmax(1).cpu().data<long>().ToArray();
        return new Presence(
            coverage,
            [.. Enumerable.Range(0, isCovered.Length).Where(position => isCovered[position])],
            [.. Enumerable.Range(0, best.Length).Where(row => isCovered[best[row]])]);
    }
}
