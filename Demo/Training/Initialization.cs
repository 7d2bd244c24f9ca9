using FewShotCluster.Demo.World;
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
        var width = parameters["ln_final.weight"].shape[0];
        var textLayers = parameters.Keys.Count(name => IsText(name) && Ends(name, "ln_1.weight"));
        foreach (var (name, parameter) in parameters)
            if (name == "logit_scale")
                Fill(parameter, () => Math.Log(1 / .07));
            else if (name == "token_embedding.weight")
                Normal(parameter, .02, random);
            else if (name == "positional_embedding")
                Normal(parameter, .01, random);
            else if (Ends(name, "_embedding"))
                Normal(parameter, Math.Pow(parameter.shape[^1], -.5), random);
            else if (name is "text_projection" or "visual.proj")
                Normal(parameter, Math.Pow(parameter.shape[0], -.5), random);
            else if (Ends(name, "attn.in_proj_weight"))
                Uniform(parameter, Math.Sqrt(6.0 / (parameter.shape[0] + parameter.shape[1])), random);
            else if (Ends(name, "attn.in_proj_bias") || Ends(name, "attn.out_proj.bias"))
                Fill(parameter, () => 0);
            else if (IsText(name) && (Ends(name, "out_proj.weight") || Ends(name, "c_proj.weight")))
                Normal(parameter, Math.Pow(width * 2 * textLayers, -.5), random);
            else
                TorchDefault(name, parameter, parameters, random);
    }

    /// <summary>Fan-in deviations: with ConvNeXt-V2's own 0.02 training stalls at these widths.</summary>
    public static void ConvNeXt(nn.Module model, WorldRandom random)
    {
        foreach (var (name, parameter) in model.named_parameters())
            if (IsMatrix(name, parameter))
                Normal(parameter, Math.Pow(FanIn(parameter), -.5), random);
            else
                Fill(parameter, () => parameter.dim() == 1 && Ends(name, "weight") ? 1 : 0);
    }

    /// <summary>Linear and convolution: uniform within 1/sqrt(fan-in), bias alike; norms: one and zero.</summary>
    private static void TorchDefault(string name, Parameter parameter, Dictionary<string, Parameter> parameters, WorldRandom random)
    {
        var layer = name[..(name.LastIndexOf('.') + 1)];
        if (parameters.TryGetValue(layer + "weight", out var weight) && weight.dim() >= 2)
            Uniform(parameter, Math.Pow(FanIn(weight), -.5), random);
        else if (parameter.dim() == 1)
            Fill(parameter, () => Ends(name, "weight") ? 1 : 0);
        else
            throw new InvalidOperationException($"no rule to initialise '{name}' of {parameter.dim()} dimensions");
    }

    private static bool IsText(string name) => name.StartsWith("transformer.", StringComparison.Ordinal);

    private static bool Ends(string name, string suffix) => name.EndsWith(suffix, StringComparison.Ordinal);

    // GRN's gamma and beta have four dimensions, but are vectors.
    private static bool IsMatrix(string name, Parameter parameter) =>
        parameter.dim() >= 2 && Ends(name, "weight");

    private static long FanIn(Parameter weight) => weight.numel() / weight.shape[0];

    private static void Normal(Parameter parameter, double deviation, WorldRandom random) =>
        Fill(parameter, () => random.Gaussian(0, deviation));

    private static void Uniform(Parameter parameter, double bound, WorldRandom random) =>
        Fill(parameter, () => random.Uniform(-bound, bound));

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
