using FewShotCluster.Demo.World;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace FewShotCluster.Demo.Training;

/// <summary>
/// Weights to start from, by parameter name, out of the world's own random numbers, so that a seed means the same start whatever
/// else draws from torch's generator.
/// </summary>
internal static class Initialization
{
    /// <summary>openai/CLIP's, except that image towers keep torch's defaults for linear and convolution layers.</summary>
    public static void Clip(nn.Module model, WorldRandom random)
    {
        var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        double width = parameters["ln_final.weight"].shape[0];
        var textLayers = parameters.Keys.Count(name => name.StartsWith("transformer.", StringComparison.Ordinal) && name.EndsWith("ln_1.weight", StringComparison.Ordinal));
        var residual = Math.Pow(width * 2 * textLayers, -.5);
        foreach (var (name, parameter) in parameters)
            switch (name)
            {
                case "logit_scale":
                    Fill(parameter, () => Math.Log(1 / .07));
                    break;
                case "token_embedding.weight":
                    Normal(parameter, .02, random);
                    break;
                case "positional_embedding":
                    Normal(parameter, .01, random);
                    break;
                case "text_projection" or "visual.proj":
                    Normal(parameter, Math.Pow(parameter.shape[0], -.5), random);
                    break;
                case var _ when name.EndsWith("_embedding", StringComparison.Ordinal):
                    Normal(parameter, Math.Pow(parameter.shape[^1], -.5), random);
                    break;
                case var _ when name.StartsWith("transformer.", StringComparison.Ordinal) && name.EndsWith("_proj.weight", StringComparison.Ordinal) && !name.EndsWith("in_proj.weight", StringComparison.Ordinal):
                    Normal(parameter, residual, random);
                    break;
                case var _ when name.EndsWith("attn.in_proj_weight", StringComparison.Ordinal):
                    Uniform(parameter, Math.Sqrt(6.0 / (parameter.shape[0] + parameter.shape[1])), random);
                    break;
                case var _ when name.EndsWith("attn.in_proj_bias", StringComparison.Ordinal) || name.EndsWith("attn.out_proj.bias", StringComparison.Ordinal):
                    Fill(parameter, () => 0);
                    break;
                default:
                    TorchDefault(name, parameter, parameters, random);
                    break;
            }
    }

    /// <summary>Fan-in deviations: with ConvNeXt-V2's own 0.02 training stalls at these widths.</summary>
    public static void ConvNeXt(nn.Module model, WorldRandom random)
    {
        foreach (var (name, parameter) in model.named_parameters())
            if (IsMatrix(name, parameter))
                Normal(parameter, Math.Pow(FanIn(parameter), -.5), random);
            else
                Fill(parameter, () => parameter.dim() == 1 && name.EndsWith("weight", StringComparison.Ordinal) ? 1 : 0);
    }

    /// <summary>Linear and convolution: uniform within 1/sqrt(fan-in), bias alike; norms: one and zero.</summary>
    private static void TorchDefault(string name, Parameter parameter, Dictionary<string, Parameter> parameters, WorldRandom random)
    {
        var layer = name[..(name.LastIndexOf('.') + 1)];
        if (parameters.TryGetValue(layer + "weight", out var weight) && weight.dim() >= 2)
            Uniform(parameter, Math.Pow(FanIn(weight), -.5), random);
        else if (parameter.dim() == 1)
            Fill(parameter, () => name.EndsWith("weight", StringComparison.Ordinal) ? 1 : 0);
        else
            throw new InvalidOperationException($"no rule to initialise '{name}' of {parameter.dim()} dimensions");
    }

    // GRN's gamma and beta have four dimensions, but are vectors.
    private static bool IsMatrix(string name, Parameter parameter) => parameter.dim() >= 2 && name.EndsWith("weight", StringComparison.Ordinal);

    private static long FanIn(Parameter weight) => weight.numel() / weight.shape[0];

    private static void Normal(Parameter parameter, double deviation, WorldRandom random) => Fill(parameter, () => random.Gaussian(0, deviation));

    private static void Uniform(Parameter parameter, double bound, WorldRandom random) => Fill(parameter, () => random.Uniform(-bound, bound));

    private static void Fill(Parameter parameter, Func<double> value)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var values = new float[parameter.numel()];
        for (var i = 0; i < values.Length; i++)
            values[i] = (float)value();
        parameter.copy_(tensor(values).view(parameter.shape));
    }
}
