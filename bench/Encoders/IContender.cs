namespace FewShotCluster.Bench.Encoders;

/// <summary>One way to compute a network.</summary>
public interface IContender : IDisposable
{
    /// <summary>As figures name it: <c>float32</c>, <c>onnxruntime float32</c>.</summary>
    string Name { get; }

    /// <summary>Makes everything ready for a batch that does not belong to the measured call.</summary>
    /// <returns>The measured call: the whole network, to outputs [N, row] that the next call overwrites.</returns>
    Func<float[]> Prepare(BenchInput input);
}
