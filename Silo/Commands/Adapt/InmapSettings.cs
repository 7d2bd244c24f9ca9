using FewShotCluster.Vision.Adaptation;

namespace FewShotCluster.Silo.Commands.Adapt;

/// <summary>
/// Settings of <c>adapt inmap</c> that were used, as its options name them; a warm start's first step size is that of the earlier fit,
/// 0 rounds of Sinkhorn are plain softmax labels, and the first gradient's norm may be compared with nothing (null).
/// </summary>
internal sealed record InmapSettings(
    string Preset, int Iterations, double TauText, double TauImage, double Lr, double Alpha, double Gamma, int Sinkhorn,
    bool WarmStart, bool NormalizeColumns, double? InitialGradientNorm)
{
    public static InmapSettings Of(string preset, InmapOptions options, InmapStart? start) => new(
        preset, options.Iterations, options.TextTemperature, options.ImageTemperature, start?.LearningRate ?? options.LearningRate,
        options.OneHotThreshold, options.Gamma, options.UseSinkhorn ? options.SinkhornIterations : 0, start is not null,
        options.NormalizeColumns, double.IsFinite(options.InitialGradientNorm) ? options.InitialGradientNorm : null);
}
