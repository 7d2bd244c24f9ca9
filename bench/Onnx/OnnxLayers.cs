namespace FewShotCluster.Bench.Onnx;

/// <summary>Layers as torch.onnx.export writes them, by the prefix of their weights.</summary>
internal static class OnnxLayers
{
    public static string Add(this OnnxGraph graph, string a, string b) => graph.Node("Add", [a, b]);

    public static string Mul(this OnnxGraph graph, string a, string b) => graph.Node("Mul", [a, b]);

    public static string MatMul(this OnnxGraph graph, string a, string b) => graph.Node("MatMul", [a, b]);

    public static string Relu(this OnnxGraph graph, string x) => graph.Node("Relu", [x]);

    /// <summary>A zero in the shape keeps the side, -1 takes the rest.</summary>
    public static string Reshape(this OnnxGraph graph, string x, params long[] shape) => graph.Node("Reshape", [x, graph.Integers(shape)]);

    public static string Transpose(this OnnxGraph graph, string x, params long[] order) => graph.Node("Transpose", [x], ("perm", order));

    public static string Linear(this OnnxGraph graph, string x, string prefix) =>
        graph.Add(graph.MatMul(x, graph.Transposed($"{prefix}.weight")), graph.Weight($"{prefix}.bias"));

    /// <summary>LayerNorm over the last axis.</summary>
    public static string LayerNorm(this OnnxGraph graph, string x, string prefix, float epsilon = 1e-5f) => graph.Node(
        "LayerNormalization", [x, graph.Weight($"{prefix}.weight"), graph.Weight($"{prefix}.bias")], ("axis", -1), ("epsilon", epsilon));

    /// <summary>A convolution; kernel and bias as the weights have them.</summary>
    public static string Conv(this OnnxGraph graph, string x, string prefix, long stride = 1, long padding = 0, int groups = 1)
    {
        var kernel = graph.Shape($"{prefix}.weight");
        string[] arguments = [x, graph.Weight($"{prefix}.weight")];
        return graph.Node(
            "Conv", graph.Has($"{prefix}.bias") ? [.. arguments, graph.Weight($"{prefix}.bias")] : arguments,
            ("kernel_shape", kernel[2..]), ("strides", new[] { stride, stride }), ("pads", new[] { padding, padding, padding, padding }),
            ("dilations", new[] { 1L, 1L }), ("group", groups));
    }

    /// <summary>BatchNorm of a finished training.</summary>
    public static string BatchNorm(this OnnxGraph graph, string x, string prefix) => graph.Node(
        "BatchNormalization",
        [x, .. new[] { "weight", "bias", "running_mean", "running_var" }.Select(name => graph.Weight($"{prefix}.{name}"))],
        ("epsilon", 1e-5f));
}
