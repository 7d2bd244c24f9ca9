using FewShotCluster.Vision.Models;

namespace FewShotCluster.Bench.Onnx;

/// <summary>The residual attention blocks of both CLIP towers.</summary>
internal sealed class OnnxTransformer(OnnxGraph graph, string prefix, int layers, int heads, ClipActivation activation)
{
    /// <summary>Whether a position sees only itself and those before it.</summary>
    public bool Causal { get; init; }

    /// <param name="x">[N, L, width]</param>
    public string Blocks(string x)
    {
        for (var layer = 0; layer < layers; layer++)
        {
            var block = $"{prefix}.resblocks.{layer}";
            x = graph.Add(x, Attend(graph.LayerNorm(x, $"{block}.ln_1"), $"{block}.attn"));
            var hidden = Activate(graph.Linear(graph.LayerNorm(x, $"{block}.ln_2"), $"{block}.mlp.c_fc"));
            x = graph.Add(x, graph.Linear(hidden, $"{block}.mlp.c_proj"));
        }
        return x;
    }

    // ONNX Runtime finds its QuickGelu in these three.
    private string Activate(string x) => activation == ClipActivation.Gelu
        ? graph.Node("Gelu", [x])
        : graph.Mul(x, graph.Node("Sigmoid", [graph.Mul(x, graph.Number(1.702f))]));

    // ONNX Runtime's own operator from the packed projection to the attended values: on a CPU as fast as the matrix products that
    // torch.onnx.export writes, or up to 4 % faster (see bench/RESULTS.md).
    private string Attend(string x, string attn)
    {
        var attended = graph.ContribNode("Attention",
            [x, graph.Transposed($"{attn}.in_proj_weight"), graph.Weight($"{attn}.in_proj_bias")],
            ("num_heads", heads), ("unidirectional", Causal ? 1 : 0));
        return graph.Linear(attended, $"{attn}.out_proj");
    }
}
