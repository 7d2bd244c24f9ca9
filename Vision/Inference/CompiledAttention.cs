using FewShotCluster.Vision.Models;
using FewShotCluster.Vision.Numerics;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference;

/// <summary>
/// The residual attention blocks of a CLIP tower. All but the last compute every token; the last one only the token that pooling
/// looks at, which gives the same features with a twelfth less work.
/// </summary>
internal sealed class CompiledAttention
{
    // x sigmoid(1.702 x) = silu(1.702 x) / 1.702: both factors go into the linear layers around it.
    private const double QuickGeluFactor = 1.702;

    private readonly Kernels kernels;
    private readonly List<KernelCall> blocks = [];
    private readonly object[] pooled;

    /// <param name="weights">The model's.</param>
    /// <param name="prefix">Of the blocks' names, as in <c>transformer.resblocks.</c></param>
    /// <param name="layers">Blocks.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="causal">Whether a token sees only earlier ones.</param>
    /// <param name="activation">Between the linear layers.</param>
    public CompiledAttention(CompiledWeights weights, string prefix, int layers, int heads, bool causal, ClipActivation activation)
    {
        kernels = weights.Plan.Kernels;
        object[] settings = [causal, activation == ClipActivation.QuickGelu];
        for (var i = 0; i < layers - 1; i++)
        {
            var block = $"{prefix}{i}.";
            blocks.Add(new(
                "attention_block",
                [heads, .. settings, .. Attention(weights, block), .. Mlp(weights, block, activation)]));
        }
        var last = $"{prefix}{layers - 1}.";
        pooled = [.. settings, .. Pooling(weights, last, heads), .. Mlp(weights, last, activation)];
    }

    /// <summary>States after the last block of one token a row.</summary>
    /// <param name="x">[N, L, D]</param>
    /// <param name="positions">[N] int64: which token.</param>
    /// <returns>[N, D]</returns>
    public Tensor Run(Tensor x, Tensor positions) => kernels.Run("pooled_attention_block", [kernels.Run(x, blocks), positions, .. pooled]);

    private static object[] Attention(CompiledWeights weights, string block) =>
    [
        .. weights.KeepBoth(block + "ln_1"),
        weights.KeepBlockLinear(weights.Take(block + "attn.in_proj_weight")), weights.Keep(block + "attn.in_proj_bias"),
        .. weights.KeepBlockLinear(block + "attn.out_proj"),
    ];

    private static object[] Pooling(CompiledWeights weights, string block, int heads)
    {
        var projections = weights.Take(block + "attn.in_proj_weight").chunk(3, 0);
        var biases = weights.Take(block + "attn.in_proj_bias").chunk(3, 0);
        return
        [
            .. weights.KeepBoth(block + "ln_1"), .. SingleQuery(weights, heads, projections, biases),
            .. weights.KeepBlockLinear(block + "attn.out_proj"),
        ];
    }

    /// <summary>The arguments that <c>single_query</c> and the query in front of it take.</summary>
    /// <param name="weights">Keeps them.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="projections">Of queries, keys and values, each [D, D].</param>
    /// <param name="biases">Theirs, each [D]; the keys' shifts all scores of a query alike and is left out.</param>
    internal static object[] SingleQuery(CompiledWeights weights, int heads, Tensor[] projections, Tensor[] biases)
    {
        var (width, depth) = (projections[0].shape[0], projections[0].shape[0] / heads);
        return
        [
            weights.KeepBlockLinear(projections[0]), weights.Keep(biases[0]),
            weights.Keep(projections[1].view(heads, depth, width)),
            weights.Keep(projections[2].view(heads, depth, width).transpose(1, 2)), weights.Keep(biases[2]),
        ];
    }

    private static object[] Mlp(CompiledWeights weights, string block, ClipActivation activation)
    {
        var factor = activation == ClipActivation.QuickGelu ? QuickGeluFactor : 1;
        return
        [
            .. weights.KeepBoth(block + "ln_2"),
            weights.KeepBlockLinear(weights.Take(block + "mlp.c_fc.weight").Times(factor)),
            weights.Keep(weights.Take(block + "mlp.c_fc.bias").Times(factor)),
            weights.KeepBlockLinear(weights.Take(block + "mlp.c_proj.weight").Over(factor)), weights.Keep(block + "mlp.c_proj.bias"),
        ];
    }
}
