using FewShotCluster.Vision.Models;

namespace FewShotCluster.Bench.Onnx;

/// <summary>CLIP's text tower over all positions, as the reference computes it: tokens [N, context] to features [N, embed].</summary>
public static class ClipTextGraph
{
    public static byte[] Build(Clip clip)
    {
        var config = clip.Config;
        var graph = new OnnxGraph(clip.state_dict());
        var tokens = graph.Tokens(config.ContextLength);
        var transformer = new OnnxTransformer(graph, "transformer", config.TextLayers, config.TextHeads, config.Activation)
        {
            Causal = true,
        };
        var x = graph.Node("Gather", [graph.Weight("token_embedding.weight"), tokens]);       // [N, context, width]
        x = transformer.Blocks(graph.Add(x, graph.Weight("positional_embedding")));
        x = graph.LayerNorm(x, "ln_final");
        var end = graph.Node("ArgMax", [tokens], ("axis", -1), ("keepdims", 1));              // [N, 1]
        x = graph.Node("GatherND", [x, end], ("batch_dims", 1));                              // [N, width]
        return graph.Build(graph.MatMul(x, graph.Weight("text_projection")), config.EmbedDim);
    }
}
