using static TorchSharp.torch;
using AdamW = FewShotCluster.Vision.Adaptation.AdamW;
using Parameter = TorchSharp.Modules.Parameter;

namespace FewShotCluster.Demo.Training;

/// <summary>AdamW with 60 steps of warm-up, cosine decay to zero and gradients clipped to norm 1.</summary>
internal sealed class Optimization : IDisposable
{
    private const int WarmUpSteps = 60;

    private readonly Parameter[] _parameters;
    private readonly AdamW[] _optimizers;
    private readonly Schedule _schedule;

    private Optimization(Schedule schedule, IEnumerable<Parameter> parameters, Func<Parameter, AdamW> optimizer)
    {
        _schedule = schedule;
        _parameters = [.. parameters];
        _optimizers = [.. _parameters.Select(optimizer)];
    }

    /// <summary>CLIP's setting: only matrices decay, embeddings, biases and norms do not.</summary>
    public static Optimization ForClip(Schedule schedule, nn.Module model)
    {
        var trained = model.named_parameters().Where(p => p.parameter.requires_grad).ToList();
        var decaying = trained.Where(Decays).Select(p => p.parameter).ToHashSet(ReferenceEqualityComparer.Instance);
        return new Optimization(
            schedule, trained.Select(p => p.parameter),
            parameter => new AdamW(parameter, decaying.Contains(parameter) ? schedule.WeightDecay : 0, beta2: .98, epsilon: 1e-6));
    }

    /// <summary>Everything decays.</summary>
    public static Optimization ForRefiner(Schedule schedule, nn.Module model) =>
        new(schedule, model.parameters(), parameter => new AdamW(parameter, schedule.WeightDecay));

    /// <summary>One step down the loss; steps count from zero.</summary>
    public void Step(int step, Tensor loss)
    {
        loss.backward();
        nn.utils.clip_grad_norm_(_parameters, 1);
        var rate = RateAt(step);
        foreach (var (parameter, optimizer) in _parameters.Zip(_optimizers))
        {
            if (parameter.grad is not { } gradient)
                continue;
            optimizer.Step(gradient, rate);
            gradient.zero_();
        }
    }

    public void Dispose()
    {
        foreach (var optimizer in _optimizers)
            optimizer.Dispose();
    }

    private double RateAt(int step) =>
        _schedule.LearningRate * Math.Min(1, (step + 1.0) / WarmUpSteps) * (.5 + .5 * Math.Cos(Math.PI * step / _schedule.Steps));

    private static bool Decays((string name, Parameter parameter) p) =>
        p.parameter.dim() >= 2 && !p.name.Contains("embedding", StringComparison.Ordinal);
}
