using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.Vision.Adaptation.Calibration;
using FewShotCluster.Vision.Numerics;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Grains.Adaptation;

/// <summary>A stage's temperature and abstain threshold from logits of labelled images that it was not fitted to.</summary>
internal static class StageCalibrator
{
    // Fewer say too little about a temperature.
    private const int FewestImages = 20;

    /// <param name="logits">[n,K]</param>
    /// <param name="labels">[n], columns.</param>
    /// <param name="abstainShare">Share of answers to withhold.</param>
    public static StageCalibration Fit(Tensor logits, Tensor labels, double abstainShare)
    {
        if (logits.shape[0] < FewestImages) return StageCalibration.None;
        var temperature = TemperatureScaling.Fit(logits, labels);
        var confidences = logits.to(torch.ScalarType.Float64).Over(temperature).softmax(1).amax([1]).cpu().data<double>().ToArray();
        return new StageCalibration(temperature, abstainShare == 0 ? 0 : AbstainThreshold.ForShare(confidences, abstainShare));
    }
}
