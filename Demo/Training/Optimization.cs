using TorchSharp.Modules;
using static TorchSharp.torch;

namespace FewShotCluster.Demo.Training;

/// <summary>AdamW with 60 steps of warm-up, cosine decay to zero and gradients clipped to norm 1.</summary>
internal sealed class Optimization : IDisposable
{
    private const int WarmUpSteps = 60;

    private readonly Parameter[] _parameters;
    private readonly AdamW[] _groups;
    private readonly Schedule _schedule;

    private Optimization(Schedule schedule, IEnumerable<Parameter> parameters, params AdamW[] groups) =>
        (_schedule, _parameters, _groups) = (schedule, [.. parameters], groups);

    /// <summary>CLIP's setting: only matrices decay, embeddings, biases and norms do not.</summary>
    public static Optimization ForClip(Schedule schedule, nn.Module model)
    {
        var trained = model.named_parameters().Where(p => p.parameter.requires_grad).ToLookup(Decays, p => p.parameter);
        return new Optimization(
            schedule, trained.SelectMany(group => group), Group(decays: true, schedule.WeightDecay), Group(decays: false, 0));

        AdamW Group(bool decays, double decay) => new(trained[decays], beta1: .9, beta2: .98, epsilon: 1e-6, decay);
    }

    /// <summary>Everything decays.</summary>
    public static Optimization ForRefiner(Schedule schedule, nn.Module model) => new(
        schedule, model.parameters(), new AdamW(model.parameters(), beta1: .9, beta2: .999, epsilon: 1e-8, schedule.WeightDecay));

    /// <summary>One step down the loss; steps count from zero.</summary>
    public void Step(int step, Tensor loss)
    {
        loss.backward();
        nn.utils.clip_grad_norm_(_parameters, 1);
        foreach (var group in _groups)
            group.Step(RateAt(step));
    }

    public void Dispose()
    {
        foreach (var group in _groups)
            group.Dispose();
    }

    private double RateAt(int step) =>
        _schedule.LearningRate * Math.Min(1, (step + 1.0) / WarmUpSteps) * (.5 + .5 * Math.Cos(Math.PI * step / _schedule.Steps));

    private static bool Decays((string name, Parameter parameter) p) =>
        p.parameter.dim() >= 2 && !p.name.Contains("embedding", StringComparison.Ordinal);
}
