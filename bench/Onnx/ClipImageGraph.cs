using FewShotCluster.Vision.Models;

namespace FewShotCluster.Bench.Onnx;

/// <summary>CLIP's image tower, ViT or ModifiedResNet: pixels [N, 3, side, side] to features [N, embed].</summary>
public static class ClipImageGraph
{
    public static byte[] Build(Clip clip)
    {
        var graph = new OnnxGraph(clip.state_dict());
        var images = graph.Images(3, clip.Config.ImageResolution, clip.Config.ImageResolution);
        var features = clip.Config.VisionPatchSize is { } patch
            ? ViT(graph, images, clip.Config, patch)
            : ResNet(graph, images, clip.Config);
        return graph.Build(features, clip.Config.EmbedDim);
    }

    private static string ViT(OnnxGraph graph, string images, ClipConfig config, int patch)
    {
        var width = config.VisionWidth;
        var transformer = new OnnxTransformer(graph, "visual.transformer", config.VisionLayers[0], config.VisionHeads, config.Activation);
        var x = graph.Conv(images, "visual.conv1", stride: patch);                             // [N, width, grid, grid]
        x = graph.Transpose(graph.Reshape(x, 0, width, -1), 0, 2, 1);                          // [N, grid * grid, width]
        var count = graph.Node("Shape", [images], ("start", 0), ("end", 1));
        var rows = graph.Node("Concat", [count, graph.Integers(1, width)], ("axis", 0));
        var classes = graph.Node("Expand", [graph.Weight("visual.class_embedding"), rows]);    // [N, 1, width]
        x = graph.Node("Concat", [classes, x], ("axis", 1));                                   // [N, grid * grid + 1, width]
        x = graph.LayerNorm(graph.Add(x, graph.Weight("visual.positional_embedding")), "visual.ln_pre");
        x = transformer.Blocks(x);
        var first = graph.Node("Gather", [x, graph.Index(0)], ("axis", 1));                    // [N, width]
        return graph.MatMul(graph.LayerNorm(first, "visual.ln_post"), graph.Weight("visual.proj"));
    }

    private static string ResNet(OnnxGraph graph, string x, ClipConfig config)
    {
        x = ConvNorm(graph, x, "visual.conv1", "visual.bn1", stride: 2, padding: 1);
        x = ConvNorm(graph, graph.Relu(x), "visual.conv2", "visual.bn2", padding: 1);
        x = ConvNorm(graph, graph.Relu(x), "visual.conv3", "visual.bn3", padding: 1);
        x = Pool(graph, graph.Relu(x));
        for (var stage = 0; stage < 4; stage++)
            for (var block = 0; block < config.VisionLayers[stage]; block++)
                x = Bottleneck(graph, x, $"visual.layer{stage + 1}.{block}", halve: stage > 0 && block == 0);
        return AttentionPool(graph, x, config);
    }

    private static string Bottleneck(OnnxGraph graph, string x, string block, bool halve)
    {
        var y = graph.Relu(ConvNorm(graph, x, $"{block}.conv1", $"{block}.bn1"));
        y = graph.Relu(ConvNorm(graph, y, $"{block}.conv2", $"{block}.bn2", padding: 1));
        y = ConvNorm(graph, halve ? Pool(graph, y) : y, $"{block}.conv3", $"{block}.bn3");
        if (graph.Has($"{block}.downsample.0.weight"))
            x = ConvNorm(graph, halve ? Pool(graph, x) : x, $"{block}.downsample.0", $"{block}.downsample.1");
        return graph.Relu(graph.Add(y, x));
    }

    private static string AttentionPool(OnnxGraph graph, string x, ClipConfig config)
    {
        const string Pool = "visual.attnpool";
        var width = config.VisionWidth * 32;
        var (heads, channels) = (config.VisionHeads, width / config.VisionHeads);
        x = graph.Transpose(graph.Reshape(x, 0, width, -1), 0, 2, 1);                          // [N, grid * grid, width]
        var mean = graph.Node("ReduceMean", [x, graph.Integers(1)], ("keepdims", 1));
        x = graph.Add(graph.Node("Concat", [mean, x], ("axis", 1)), graph.Weight($"{Pool}.positional_embedding"));
        var first = graph.Node("Slice", [x, graph.Integers(0), graph.Integers(1), graph.Integers(1)]);
        var query = graph.Mul(graph.Linear(first, $"{Pool}.q_proj"), graph.Number((float)(1 / Math.Sqrt(channels))));
        var scores = graph.MatMul(Heads(query, 0, 2, 1, 3), Heads(graph.Linear(x, $"{Pool}.k_proj"), 0, 2, 3, 1));
        var attended = graph.MatMul(
            graph.Node("Softmax", [scores], ("axis", -1)), Heads(graph.Linear(x, $"{Pool}.v_proj"), 0, 2, 1, 3));
        return graph.Linear(graph.Reshape(attended, 0, width), $"{Pool}.c_proj");              // [N, embed]

        string Heads(string y, params long[] order) => graph.Transpose(graph.Reshape(y, 0, -1, heads, channels), order);
    }

    private static string ConvNorm(OnnxGraph graph, string x, string conv, string norm, long stride = 1, long padding = 0) =>
        graph.BatchNorm(graph.Conv(x, conv, stride, padding), norm);

    private static string Pool(OnnxGraph graph, string x) =>
        graph.Node("AveragePool", [x], ("kernel_shape", new[] { 2L, 2L }), ("strides", new[] { 2L, 2L }));
}
