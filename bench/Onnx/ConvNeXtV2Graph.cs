using FewShotCluster.Vision.Models;

namespace FewShotCluster.Bench.Onnx;

/// <summary>ConvNeXt-V2: pixels [N, 3, side, side] to logits [N, classes].</summary>
public static class ConvNeXtV2Graph
{
    private const float Epsilon = 1e-6f;

    public static byte[] Build(ConvNeXtV2 model, int resolution)
    {
        var graph = new OnnxGraph(model.state_dict());
        var x = graph.Images(3, resolution, resolution);
        for (var stage = 0; stage < 4; stage++)
        {
            var down = $"downsample_layers.{stage}";
            x = stage == 0
                ? ChannelNorm(graph, graph.Conv(x, $"{down}.0", stride: 4), $"{down}.1")
                : graph.Conv(ChannelNorm(graph, x, $"{down}.0"), $"{down}.1", stride: 2);
            for (var block = 0; block < model.Depths[stage]; block++)
                x = Block(graph, x, $"stages.{stage}.{block}", model.Dims[stage]);
        }
        x = graph.Node("ReduceMean", [x, graph.Integers(-2, -1)], ("keepdims", 0));
        x = graph.LayerNorm(x, "norm", Epsilon);
        return graph.Build(graph.Linear(x, "head"), model.NumClasses);
    }

    private static string Block(OnnxGraph graph, string x, string block, int channels)
    {
        var y = graph.Conv(x, $"{block}.dwconv", padding: 3, groups: channels);
        y = graph.LayerNorm(graph.Transpose(y, 0, 2, 3, 1), $"{block}.norm", Epsilon);        // [N, H, W, C]
        y = ResponseNorm(graph, graph.Node("Gelu", [graph.Linear(y, $"{block}.pwconv1")]), $"{block}.grn");
        return graph.Add(x, graph.Transpose(graph.Linear(y, $"{block}.pwconv2"), 0, 3, 1, 2));
    }

    // The exporter's ReduceL2 over both axes costs ONNX Runtime a seventh of the network; a square sum, one axis after the other, almost
    // nothing (see bench/RESULTS.md). And x * (gamma * n + 1) + beta, as ours.
    private static string ResponseNorm(OnnxGraph graph, string x, string grn)
    {
        var rows = graph.Node("ReduceSum", [graph.Mul(x, x), graph.Integers(2)], ("keepdims", 1));
        var squares = graph.Node("ReduceSum", [rows, graph.Integers(1)], ("keepdims", 1));
        var energy = graph.Node("Sqrt", [squares]);                                           // [N, 1, 1, C]
        var mean = graph.Add(graph.Node("ReduceMean", [energy, graph.Integers(-1)], ("keepdims", 1)), graph.Number(1e-6f));
        var factor = graph.Add(graph.Mul(graph.Node("Div", [energy, mean]), graph.Weight($"{grn}.gamma")), graph.Number(1));
        return graph.Add(graph.Mul(x, factor), graph.Weight($"{grn}.beta"));
    }

    private static string ChannelNorm(OnnxGraph graph, string x, string prefix) =>
        graph.Transpose(graph.LayerNorm(graph.Transpose(x, 0, 2, 3, 1), prefix, Epsilon), 0, 3, 1, 2);
}
