using FewShotCluster.Vision.Numerics;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation.Calibration;

/// <summary>
/// One number that logits are divided by so that their softmax is a probability (Guo et al., "On Calibration of Modern Neural
/// Networks", ICML 2017): the minimiser of the cross-entropy of labelled images that the logits were not fitted to. Unlike there a share
/// 1 / (N + 2) of each label is spread over all classes (Laplace's rule of succession): a few images that are all right would else make
/// every answer certain.
/// </summary>
public static class TemperatureScaling
{
    private const double Low = 1e-3, High = 1e3;
    private const int Steps = 60;

    /// <summary>Fits T by golden-section search over log T: the cross-entropy is convex in 1/T.</summary>
    /// <param name="logits">[N,C] of held-out images.</param>
    /// <param name="labels">[N], any integer type.</param>
    /// <returns>T between 0.001 and 1000.</returns>
    /// <exception cref="AdaptationException">Empty or not finite logits, labels out of range.</exception>
    public static double Fit(Tensor logits, Tensor labels)
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var z = Check.Matrix(logits, "logits").to(torch.ScalarType.Float64);
        var y = Check.Labels(labels, z, z.shape[1], "logits").unsqueeze(1);
        var golden = (Math.Sqrt(5) - 1) / 2;
        var (low, high) = (Math.Log(Low), Math.Log(High));
        var (a, b) = (high - golden * (high - low), low + golden * (high - low));
        var (lossA, lossB) = (Loss(z, y, a), Loss(z, y, b));
        for (var step = 0; step < Steps; step++)
        {
            if (lossA <= lossB)
            {
                (high, b, lossB) = (b, a, lossA);
                a = high - golden * (high - low);
                lossA = Loss(z, y, a);
            }
            else
            {
                (low, a, lossA) = (a, b, lossB);
                b = low + golden * (high - low);
                lossB = Loss(z, y, b);
            }
        }
        return Math.Exp((low + high) / 2);
    }

    private static double Loss(Tensor logits, Tensor labels, double logTemperature)
    {
        using var scope = torch.NewDisposeScope();
        var logP = logits.Over(Math.Exp(logTemperature)).log_softmax(1);
        var spread = 1.0 / (logits.shape[0] + 2);
        return -(1 - spread) * logP.gather(1, labels).mean().item<double>() - spread * logP.mean().item<double>();
    }
}
