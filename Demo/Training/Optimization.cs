using TorchSharp.Modules;
using static TorchSharp.torch;

namespace FewShotCluster.Demo.Training;

/// <summary>AdamW with 60 steps of warm-up, cosine decay to zero and gradients clipped to norm 1.</summary>
internal sealed class Optimization : IDisposable
{
    private const int WarmUpSteps = 60;

    private readonly Parameter[] _parameters;
    private readonly AdamW _optimizer;
    private readonly Schedule _schedule;

    private Optimization(Schedule schedule, AdamW optimizer, IEnumerable<Parameter> parameters) =>
        (_schedule, _optimizer, _parameters) = (schedule, optimizer, [.. parameters]);

    /// <summary>CLIP's setting: only matrices decay, embeddings, biases and norms do not.</summary>
    public static Optimization ForClip(Schedule schedule, nn.Module model)
    {
        var trained = model.named_parameters().Where(p => p.parameter.requires_grad).ToList();
        var decaying = trained.Where(Decays).Select(p => p.parameter).ToList();
        var others = trained.Where(p => !Decays(p)).Select(p => p.parameter).ToList();
        return new Optimization(schedule, optim.AdamW([Group(decaying, schedule.WeightDecay), Group(others, 0)]), [.. decaying, .. others]);

        AdamW.ParamGroup Group(List<Parameter> parameters, double decay) =>
            new(parameters, schedule.LearningRate, beta1: .9, beta2: .98, eps: 1e-6, weight_decay: decay);
    }

    /// <summary>Everything decays.</summary>
    public static Optimization ForRefiner(Schedule schedule, nn.Module model)
    {
        var parameters = model.parameters().ToList();
        return new Optimization(schedule, optim.AdamW(parameters, schedule.LearningRate, weight_decay: schedule.WeightDecay), parameters);
    }

    /// <summary>One step down the loss; steps count from zero.</summary>
    public void Step(int step, Tensor loss)
    {
        var rate = RateAt(step);
        foreach (var group in _optimizer.ParamGroups)
            group.LearningRate = rate;
        _optimizer.zero_grad();
        loss.backward();
        nn.utils.clip_grad_norm_(_parameters, 1);
        _optimizer.step();
    }

    public void Dispose() => _optimizer.Dispose();

    private double RateAt(int step) =>
        _schedule.LearningRate * Math.Min(1, (step + 1.0) / WarmUpSteps) * (.5 + .5 * Math.Cos(Math.PI * step / _schedule.Steps));

    private static bool Decays((string name, Parameter parameter) p) =>
        p.parameter.dim() >= 2 && !p.name.Contains("embedding", StringComparison.Ordinal);
}
