using FewShotCluster.Bench.Onnx;

namespace FewShotCluster.Bench.Encoders;

/// <summary>A network in ONNX Runtime.</summary>
/// <param name="model">An ONNX ModelProto.</param>
/// <param name="threads">Threads within an operator.</param>
public sealed class OnnxContender(byte[] model, int threads) : IContender
{
    private readonly OnnxSession session = new(model, threads);

    public string Name => "onnxruntime float32";

    public Func<float[]> Prepare(BenchInput input) =>
        input.Tokens is { } tokens ? () => session.Run(tokens) : () => session.Run(input.Pixels!);

    public void Dispose() => session.Dispose();
}
