using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.Vision.Adaptation;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Grains.Adaptation;

/// <summary>The shots of one encoder, as rows of the S seen classes.</summary>
/// <param name="Features">[n,D] unit length.</param>
/// <param name="Text">[S,D] text proxies of the seen classes.</param>
/// <param name="Labels">Row of each shot's class [n].</param>
/// <param name="Dimension">D.</param>
/// <param name="LogitScale">exp of CLIP's logit_scale.</param>
internal sealed record ProbeProblem(byte[] Features, byte[] Text, long[] Labels, int Dimension, double LogitScale);

/// <summary>Images of one encoder that choose the epoch.</summary>
/// <param name="Features">[v,D] unit length.</param>
/// <param name="Labels">Row of each image's class [v].</param>
internal sealed record ProbeValidation(byte[] Features, long[] Labels);

/// <summary>A fitted probe.</summary>
/// <param name="Weights">[S,D]</param>
/// <param name="Bias">[S]</param>
/// <param name="Alpha">[S]</param>
/// <param name="Epoch">Epochs of LP++; 0 for GDA.</param>
/// <param name="HeldOut">
/// Logits that tell how sure the probe may be: [n,S] of each shot by weights that never saw it, or [v,S] of the validation images; null:
/// there are neither.
/// </param>
/// <param name="HeldOutShots">The shots that the logits are of; null: all, or the validation images.</param>
internal sealed record LearnedProbe(byte[] Weights, byte[] Bias, byte[] Alpha, int Epoch, byte[]? HeldOut, int[]? HeldOutShots = null);

/// <summary>From the shots of the seen classes to LP++ or GDA weights of one encoder.</summary>
internal sealed class ProbeLearner(IFitRunner runner, ClassSetPolicy policy)
{
    // Held-out logits of every looked-at epoch are kept until the best is known: about half a gigabyte at this many.
    private const long MostCrossValidated = 4_000_000;

    /// <summary>Learns from the shots; validation images, where there are any, choose LP++'s epoch in the place of cross-validation.</summary>
    public async Task<LearnedProbe> Learn(
        ProbeProblem problem, ProbeValidation? validation, Action<double> report, CancellationToken cancellationToken)
    {
        if (policy.ProbePreset == ProbePreset.Gda) return await Gda(problem, report, cancellationToken);
        var options = Options(problem);
        if (validation is not null) return await Validated(problem, validation, options, report, cancellationToken);
        var (epochs, heldOut, share) = (options.Epochs, (byte[]?)null, 0.0);
        if (CanCrossValidate(problem))
        {
            share = 0.8;
            (epochs, heldOut) = await runner.Run(
                () => new ProbeCrossValidation(Shots(problem), Text(problem), options),
                result => (result.Epoch, (byte[]?)FitMatrix.Bytes(result.Logits)),
                done => report(share * done),
                cancellationToken);
        }
        return await runner.Run(
            () => new LpPlusPlusFit(Shots(problem), Text(problem), options with { Epochs = epochs }),
            result => new LearnedProbe(
                FitMatrix.Bytes(result.Weights.W), FitMatrix.Bytes(result.Weights.Bias), FitMatrix.Bytes(result.Weights.Alpha),
                epochs, heldOut),
            done => report(share + (1 - share) * done),
            cancellationToken);
    }

    private Task<LearnedProbe> Validated(
        ProbeProblem problem, ProbeValidation validation, LpPlusPlusOptions options, Action<double> report, CancellationToken cancellationToken) =>
        runner.Run(
            () => new LpPlusPlusFit(Shots(problem), Text(problem), options, Labelled(validation.Features, validation.Labels, problem)),
            result => new LearnedProbe(
                FitMatrix.Bytes(result.Weights.W), FitMatrix.Bytes(result.Weights.Bias), FitMatrix.Bytes(result.Weights.Alpha), result.Epoch,
                FitMatrix.Bytes(Scores.Probe(FitMatrix.Read(validation.Features, problem.Dimension, runner.Device), Text(problem), result.Weights))),
            report,
            cancellationToken);

    private bool CanCrossValidate(ProbeProblem problem)
    {
        var classes = problem.Text.Length / (problem.Dimension * sizeof(float));
        // The seed keeps its thousand epochs; a class set of single shots has nothing to hold out.
        return policy is { CrossValidate: true, ProbePreset: ProbePreset.Paper } && problem.Labels.Length > classes
            && (long)problem.Labels.Length * classes <= MostCrossValidated;
    }

    private LpPlusPlusOptions Options(ProbeProblem problem) => policy.ProbePreset == ProbePreset.Seed
        ? LpPlusPlusOptions.Seed
        : LpPlusPlusOptions.Paper with
        {
            Epochs = policy.ProbeEpochs,
            InitialAlpha = policy.ProbeInitialAlpha * problem.LogitScale,
        };

    private async Task<LearnedProbe> Gda(ProbeProblem problem, Action<double> report, CancellationToken cancellationToken)
    {
        var probe = await runner.Run(() => GdaWeights(problem), cancellationToken);
        if (!policy.CrossValidate || !HasPair(problem.Labels)) return probe;
        return await runner.Run(
            () => new GdaCrossValidation(Shots(problem), Text(problem), problem.LogitScale),
            held => probe with { HeldOut = FitMatrix.Bytes(held.Logits), HeldOutShots = [.. held.Shots.Select(shot => (int)shot)] },
            report,
            cancellationToken);
    }

    private static bool HasPair(long[] labels) => labels.Distinct().Count() < labels.Length;

    private LearnedProbe GdaWeights(ProbeProblem problem)
    {
        using var gda = GaussianDiscriminant.Fit(Shots(problem), problem.Text.Length / (problem.Dimension * sizeof(float)));
        using var probe = gda.Probe(problem.LogitScale);
        return new LearnedProbe(FitMatrix.Bytes(probe.W), FitMatrix.Bytes(probe.Bias), FitMatrix.Bytes(probe.Alpha), 0, null);
    }

    private LabelledFeatures Shots(ProbeProblem problem) => Labelled(problem.Features, problem.Labels, problem);

    private LabelledFeatures Labelled(byte[] features, long[] labels, ProbeProblem problem) => new(
        FitMatrix.Read(features, problem.Dimension, runner.Device), torch.tensor(labels).to(runner.Device));

    private Tensor Text(ProbeProblem problem) => FitMatrix.Read(problem.Text, problem.Dimension, runner.Device).t();
}
