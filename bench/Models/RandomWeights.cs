using FewShotCluster.Vision.Numerics;
using static TorchSharp.torch;

namespace FewShotCluster.Bench.Models;

/// <summary>
/// Random weights, repeatable by seed, scaled so that activations stay finite and features differ from input to input at any depth.
/// </summary>
public static class RandomWeights
{
    /// <summary>Overwrites every weight of a Clip or a ConvNeXtV2.</summary>
    public static void Fill(nn.Module module, ulong seed)
    {
        using var mode = no_grad();
        using var generator = new Generator(seed);
        foreach (var (key, target) in module.state_dict().OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            if (!target.is_floating_point()) continue;
            using var scope = NewDisposeScope();
            var (mean, deviation) = Scale(key, target.shape);
            target.copy_(randn(target.shape, generator: generator).Times_(deviation).Plus_(mean));
        }
    }

    private static (double Mean, double Deviation) Scale(string key, long[] shape)
    {
        var fanIn = shape.Length > 1 ? shape[1..].Aggregate(1L, (product, side) => product * side) : 1;
        return key.Split('.') switch
        {
            [.., "logit_scale"] => (Math.Log(100), 0),
            [.., "running_var"] => (1, 0.05),
            // The last norm of a residual branch: small branches keep a deep network's variance in bounds.
            [.., "bn3", "weight"] when key.Contains(".layer", StringComparison.Ordinal) => (0.3, 0.02),
            [.., "weight"] when shape.Length == 1 => (1, 0.05),
            [.., "class_embedding"] => (0, 0.1),
            ["visual", "positional_embedding"] => (0, 0.1),
            [.., "positional_embedding"] => (0, 0.02),
            ["token_embedding", "weight"] => (0, 0.02),
            [.., "proj" or "text_projection"] => (0, Math.Pow(shape[0], -0.5)),
            [.., "gamma"] => (0, 0.2),
            _ when shape.Length == 1 || key.EndsWith(".beta", StringComparison.Ordinal) => (0, 0.02),
            [.., "out_proj" or "c_proj" or "pwconv2", "weight"] => (0, 0.2 * Math.Pow(fanIn, -0.5)),
            // He et al.: a ReLU follows.
            ["visual", .., "weight"] when shape.Length == 4 => (0, Math.Sqrt(2.0 / fanIn)),
            _ => (0, Math.Pow(fanIn, -0.5)),
        };
    }
}
