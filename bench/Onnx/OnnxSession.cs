using Microsoft.ML.OnnxRuntime;

namespace FewShotCluster.Bench.Onnx;

/// <summary>
/// A model in ONNX Runtime on the CPU, set up for speed: all graph optimisations, an arena, bound input and output. One
/// call at a time.
/// </summary>
public sealed class OnnxSession : IDisposable
{
    private readonly InferenceSession session;
    private readonly RunOptions options = new();
    private readonly string[] inputNames;
    private readonly string[] outputNames;
    private readonly long[] inputShape;
    private readonly long[] outputShape;
    private Binding? binding;

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
    /// <param name="batch">
    /// Rows of the input: pixels (float) or tokens (long). The array is bound, not copied: give the same one again for the same batch size.
    /// </param>
    /// <returns>Rows of the output; the next call with the same array overwrites them.</returns>
    public float[] Run<T>(T[] batch) where T : unmanaged
    {
        if (!ReferenceEquals(binding?.Batch, batch))
        {
            binding?.Dispose();
            var rows = batch.Length / Row(inputShape);
            binding = new Binding(batch, OrtValue.CreateTensorValueFromMemory(batch, [rows, .. inputShape[1..]]),
                new float[rows * Row(outputShape)], [rows, .. outputShape[1..]]);
        }
        session.Run(options, inputNames, [binding.Input], outputNames, [binding.Output]);
        return binding.Results;
    }

    public void Dispose()
    {
        binding?.Dispose();
        options.Dispose();
        session.Dispose();
    }

    private static long Row(long[] shape) => shape[1..].Aggregate(1L, (product, side) => product * side);

    private static long[] Shape(NodeMetadata metadata) => Array.ConvertAll(metadata.Dimensions, side => (long)side);

    private sealed class Binding(object batch, OrtValue input, float[] results, long[] shape) : IDisposable
    {
        public object Batch => batch;

        public OrtValue Input => input;

        public OrtValue Output { get; } = OrtValue.CreateTensorValueFromMemory(results, shape);

        public float[] Results => results;

        public void Dispose()
        {
            Input.Dispose();
            Output.Dispose();
        }
    }
}
