using FewShotCluster.Vision.Adaptation;
using FewShotCluster.Vision.Adaptation.Calibration;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Silo.Commands.Adapt;

/// <summary>A probe with what there is to tell of its making; the owner disposes it.</summary>
internal sealed record LearnedProbe(ProbeWeights Weights) : IDisposable
{
    /// <summary>LP++: epochs that the weights had.</summary>
    public int? Epoch { get; private init; }

    public double? StepSize { get; private init; }

    public double? AlphaStepSize { get; private init; }

    public double? InitialAlpha { get; private init; }

    /// <summary>That makes probabilities of the logits; only cross-validation tells it.</summary>
    public double? Temperature { get; private init; }

    /// <param name="method">What to learn.</param>
    /// <param name="shots">Labelled features.</param>
    /// <param name="text">T [D,C].</param>
    /// <param name="validation">LP++: labelled features that choose the epoch.</param>
    /// <param name="clock">Of the verb.</param>
    public static LearnedProbe Of(
        ProbeMethod method, LabelledFeatures shots, Tensor text, LabelledFeatures? validation, StageClock clock)
    {
        if (method.LpPlusPlus is not { } options)
        {
            return new(clock.Run("fit", () =>
            {
                using var gaussians = GaussianDiscriminant.Fit(shots, (int)text.shape[1]);
                return gaussians.Probe(method.TextWeight);
            }));
        }
        double? temperature = null;
        if (method.CrossValidate)
        {
            using var held = CrossValidate(options, shots, text, clock);
            temperature = clock.Run("temperature", () => TemperatureScaling.Fit(held.Logits, shots.Labels));
            options = options with { Epochs = held.Epoch };
        }
        var fit = clock.Run("prepare", () => new LpPlusPlusFit(shots, text, options, validation));
        var result = clock.Drive(fit, new FitStage("fit", fit.Total));
        return new(result.Weights)
        {
            Epoch = result.Epoch,
            StepSize = result.LearningRate,
            AlphaStepSize = result.AlphaLearningRate,
            InitialAlpha = result.InitialAlpha,
            Temperature = temperature,
        };
    }

    public void Dispose() => Weights.Dispose();

    private static ProbeCrossValidationResult CrossValidate(
        LpPlusPlusOptions options, LabelledFeatures shots, Tensor text, StageClock clock)
    {
        const string key = "crossValidation", title = "cross-validation";
        var fit = clock.Run("prepare", () => new ProbeCrossValidation(shots, text, options));
        return clock.Drive(fit, new FitStage(key, fit.Total, title));
    }
}
