namespace FewShotCluster.Bench.Onnx;

/// <summary>How a transformer block's attention is written.</summary>
public enum OnnxAttention
{
    /// <summary>Matrix products and a softmax, as torch.onnx.export writes them.</summary>
    Exported,

    /// <summary>com.microsoft.MultiHeadAttention after one projection of queries, keys and values.</summary>
    MultiHead,

    /// <summary>com.microsoft.Attention, which holds the projection too.</summary>
    Packed,
}
