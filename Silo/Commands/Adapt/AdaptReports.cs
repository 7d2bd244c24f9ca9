using System.Text.Json.Serialization;
using FewShotCluster.Vision.Adaptation;

namespace FewShotCluster.Silo.Commands.Adapt;

/// <summary>What every <c>adapt --json</c> tells; shares are 0 to 1, what cannot be told is left out.</summary>
/// <param name="input">What was learned from.</param>
/// <param name="settings">Every setting used, named as its option.</param>
/// <param name="clock">Seconds by stage.</param>
internal abstract class AdaptReport<TSettings>(AdaptInput input, TSettings settings, StageClock clock)
{
    /// <summary>Of what was learned.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public required double? Accuracy { get; init; }

    /// <summary>Of plain text proxies on the same images.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public required double? TextAccuracy { get; init; }

    public long Images { get; } = input.Images;

    public long Classes { get; } = input.Classes;

    public long Dimension { get; } = input.Dimension;

    public IReadOnlyDictionary<string, double> Seconds { get; } = clock.Seconds;

    public TSettings Settings { get; } = settings;

    /// <summary>Both accuracies in words, if there are labels.</summary>
    public string Story() => Accuracy is null ? "no labels, no accuracy" : $"accuracy {Accuracy:P2}, text proxies {TextAccuracy:P2}";
}

/// <summary><c>adapt inmap --json</c>.</summary>
internal sealed class InmapReport(AdaptInput input, InmapSettings settings, StageClock clock)
    : AdaptReport<InmapSettings>(input, settings, clock)
{
    /// <summary>The last step size: <c>--init-lr</c> of the next fit.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Estimated share of classes that the images show.</summary>
    public required double Coverage { get; init; }

    /// <summary>Whether the gate would let a node serve these proxies, and why.</summary>
    public required bool Serve { get; init; }

    public required string Gate { get; init; }
}

/// <summary><c>adapt onzeta --json</c>.</summary>
internal sealed class OnZetaReport(AdaptInput input, OnZetaSettings settings, StageClock clock)
    : AdaptReport<OnZetaSettings>(input, settings, clock)
{
    /// <summary>Of the balanced text labels, before the vision proxies have their say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public required double? TextLabelAccuracy { get; init; }
}

/// <summary><c>adapt probe --json</c>.</summary>
internal sealed class ProbeReport(AdaptInput input, ProbeSettings settings, StageClock clock, LearnedProbe probe)
    : AdaptReport<ProbeSettings>(input, settings, clock)
{
    /// <summary>Which rows the accuracies are of: test or training.</summary>
    public required string AccuracyOn { get; init; }

    /// <summary>Expected calibration error on the test set, once the logits are divided by the temperature.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Ece { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Temperature { get; } = probe.Temperature;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Epoch { get; } = probe.Epoch;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? StepSize { get; } = probe.StepSize;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? AlphaStepSize { get; } = probe.AlphaStepSize;

    public AlphaRange Alpha { get; } = AlphaRange.Of(probe.Weights);
}

/// <summary>The classes' weights of their text logits.</summary>
internal sealed record AlphaRange(double Mean, double Min, double Max)
{
    public static AlphaRange Of(ProbeWeights weights)
    {
        var alpha = AdaptFiles.ToArray(weights.Alpha).ToDoubles();
        return new AlphaRange(alpha.Average(), alpha.Min(), alpha.Max());
    }
}
