using FewShotCluster.Vision.Models;
using static TorchSharp.torch;

namespace FewShotCluster.Bench.Onnx;

/// <summary>The residual attention blocks of both CLIP towers.</summary>
internal sealed class OnnxTransformer(OnnxGraph graph, string prefix, int layers, int heads, long width, ClipActivation activation)
{
    /// <summary>ONNX Runtime's fused attention operator, in place of the matrix products that the exporter writes.</summary>
    public OnnxAttention Attention { get; init; }

    /// <summary>Positions of a causal tower; null where all see all.</summary>
    public int? Causal { get; init; }

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

    private string Activate(string x) => activation == ClipActivation.Gelu
        ? graph.Node("Gelu", [x])
        : graph.Mul(x, graph.Node("Sigmoid", [graph.Mul(x, graph.Number(1.702f))]));

    private string Attend(string x, string attn) => graph.Linear(Attention switch
    {
        OnnxAttention.Packed => Packed(x, attn),
        OnnxAttention.MultiHead => MultiHead(x, attn),
        _ => Exported(x, attn),
    }, $"{attn}.out_proj");

    private string Exported(string x, string attn)
    {
        var parts = Split(graph.Add(graph.MatMul(x, graph.Transposed($"{attn}.in_proj_weight")), graph.Weight($"{attn}.in_proj_bias")));
        var scale = graph.Number((float)(1 / Math.Sqrt((double)width / heads)));
        var query = graph.Mul(Heads(parts[0], 0, 2, 1, 3), scale);                             // [N, heads, L, channels]
        var scores = graph.MatMul(query, Heads(parts[1], 0, 2, 3, 1));                         // [N, heads, L, L]
        if (Causal is { } length) scores = graph.Add(scores, Mask(length));
        var attended = graph.MatMul(graph.Node("Softmax", [scores], ("axis", -1)), Heads(parts[2], 0, 2, 1, 3));
        return graph.Reshape(graph.Transpose(attended, 0, 2, 1, 3), 0, -1, width);
    }

    private string MultiHead(string x, string attn)
    {
        var parts = Split(graph.MatMul(x, graph.Transposed($"{attn}.in_proj_weight")));
        return graph.Nodes("MultiHeadAttention", OnnxGraph.Contrib, [.. parts, graph.Weight($"{attn}.in_proj_bias")], 1,
            ("num_heads", heads), ("unidirectional", Causal is null ? 0 : 1))[0];
    }

    private string Packed(string x, string attn) => graph.Nodes("Attention", OnnxGraph.Contrib,
        [x, graph.Transposed($"{attn}.in_proj_weight"), graph.Weight($"{attn}.in_proj_bias")], 1,
        ("num_heads", heads), ("unidirectional", Causal is null ? 0 : 1))[0];

    private string[] Split(string packed) => graph.Nodes("Split", "", [packed], 3, ("axis", -1), ("num_outputs", 3));

    private string Heads(string x, params long[] order) => graph.Transpose(graph.Reshape(x, 0, -1, heads, width / heads), order);

    private string Mask(int length) => graph.Initializer("mask", () => full(length, length, float.NegativeInfinity).triu(1));
}
