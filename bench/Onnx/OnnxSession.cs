using Microsoft.ML.OnnxRuntime;

namespace FewShotCluster.Bench.Onnx;

/// <summary>
/// A model in ONNX Runtime on the CPU, set up for speed: all graph optimisations, one stream, an arena, buffers made once per batch
/// size. One call at a time.
/// </summary>
public sealed class OnnxSession : IDisposable
{
    private readonly InferenceSession session;
    private readonly RunOptions options = new();
    private readonly string[] inputNames;
    private readonly string[] outputNames;
    private readonly long[] inputShape;
    private readonly long[] outputShape;
    private Buffers? buffers;

    /// <param name="model">An ONNX ModelProto with one input and one output, batch first.</param>
    /// <param name="threads">Threads within an operator, the caller's included.</param>
    public OnnxSession(byte[] model, int threads)
    {
        using var settings = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            EnableCpuMemArena = true,
            EnableMemoryPattern = true,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        // Its threads spin while it works, and go to sleep when it is done: what runs next has the processor for itself.
        settings.AddSessionConfigEntry("session.force_spinning_stop", "1");
        session = new InferenceSession(model, settings);
        inputNames = [.. session.InputNames];
        outputNames = [.. session.OutputNames];
        inputShape = Shape(session.InputMetadata[inputNames[0]]);
        outputShape = Shape(session.OutputMetadata[outputNames[0]]);
    }

    /// <summary>One batch.</summary>
    /// <param name="batch">Rows of the input: pixels (float) or tokens (long).</param>
    /// <returns>Rows of the output; the next call with the same number of rows overwrites them.</returns>
    public float[] Run<T>(T[] batch) where T : unmanaged
    {
        var rows = batch.Length / Row(inputShape);
        if (buffers?.Rows != rows)
        {
            buffers?.Dispose();
            buffers = new Buffers(rows, Make(new T[batch.Length], inputShape, rows), new float[rows * Row(outputShape)], outputShape);
        }
        batch.CopyTo(buffers.Input.GetTensorMutableDataAsSpan<T>());
        session.Run(options, inputNames, [buffers.Input], outputNames, [buffers.Output]);
        return buffers.Results;
    }

    public void Dispose()
    {
        buffers?.Dispose();
        options.Dispose();
        session.Dispose();
    }

    private static OrtValue Make<T>(T[] memory, long[] shape, long rows) where T : unmanaged =>
        OrtValue.CreateTensorValueFromMemory(memory, [rows, .. shape[1..]]);

    private static long Row(long[] shape) => shape[1..].Aggregate(1L, (product, side) => product * side);

    private static long[] Shape(NodeMetadata metadata) => Array.ConvertAll(metadata.Dimensions, side => (long)side);

    private sealed class Buffers(long rows, OrtValue input, float[] results, long[] outputShape) : IDisposable
    {
        public long Rows => rows;

        public OrtValue Input => input;

        public float[] Results => results;

        public OrtValue Output { get; } = Make(results, outputShape, rows);

        public void Dispose()
        {
            Input.Dispose();
            Output.Dispose();
        }
    }
}
