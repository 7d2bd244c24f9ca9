using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Checkpoints;

/// <summary>Copies a checkpoint's tensors into a module whose state-dict keys equal the checkpoint's.</summary>
internal static class ModuleWeights
{
    private const int MostListed = 20;

    /// <summary>Strict: every key of the module must be there in its shape, and nothing unexpected may be left over.</summary>
    /// <param name="module">The module; its parameters and buffers are overwritten, converted to their own dtype.</param>
    /// <param name="checkpoint">Where the tensors are.</param>
    /// <param name="ignore">Names in the checkpoint that carry no weights.</param>
    /// <exception cref="CheckpointException">
    /// Missing, unexpected and mis-shaped keys and integers for weights, listed by name; a NaN or infinity (also one from narrowing
    /// float64), by its key.
    /// </exception>
    public static void Load(nn.Module module, Checkpoint checkpoint, IReadOnlySet<string> ignore)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var state = module.state_dict();
        // BatchNorm's step counter has no part in inference; OpenAI's files have it, converted ones often not.
        var missing = state.Keys
            .Where(k => !checkpoint.Tensors.ContainsKey(k) && !k.EndsWith("num_batches_tracked", StringComparison.Ordinal));
        var unexpected = checkpoint.Tensors.Keys.Where(k => !state.ContainsKey(k) && !ignore.Contains(k));
        var shaped = state.Where(s => checkpoint.Tensors.TryGetValue(s.Key, out var t) && !Fits(t.Shape, s.Value.shape))
            .Select(s => $"{s.Key} [{string.Join(",", checkpoint.Tensors[s.Key].Shape)}] for [{string.Join(",", s.Value.shape)}]");
        var integers = state
            .Where(s => s.Value.is_floating_point() && checkpoint.Tensors.TryGetValue(s.Key, out var t) && !IsFloat(t.Dtype))
            .Select(s => s.Key);
        var problems = new[] { ("missing", missing), ("unexpected", unexpected), ("mis-shaped", shaped), ("not floating-point", integers) }
            .Where(p => p.Item2.Any())
            .Select(p => $"{p.Item1}: {Listed([.. p.Item2.Order(StringComparer.Ordinal)])}")
            .ToList();
        if (problems.Count > 0)
            throw new CheckpointException($"{checkpoint.Path} does not fit the architecture. {string.Join(". ", problems)}");

        foreach (var (key, target) in state)
        {
            if (!checkpoint.Tensors.ContainsKey(key)) continue;
            checkpoint.ReadInto(key, target);
            if (!IsFinite(target)) throw new CheckpointException($"{checkpoint.Path}: '{key}' has a NaN or an infinity among its weights");
        }
    }

    private static string Listed(List<string> names) =>
        string.Join("; ", names.Take(MostListed)) + (names.Count > MostListed ? $"; and {names.Count - MostListed} more" : "");

    // In place: a tensor's test in torch takes two more of its size.
    private static bool IsFinite(Tensor tensor) =>
        tensor.dtype != ScalarType.Float32
        || System.Numerics.Tensors.TensorPrimitives.IsFiniteAll<float>(MemoryMarshal.Cast<byte, float>(tensor.bytes));

    private static bool IsFloat(ScalarType type) =>
        type is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64;

    // Some exporters store a scalar as a vector of one element.
    private static bool Fits(long[] stored, long[] wanted) =>
        stored.SequenceEqual(wanted) || (wanted.Length == 0 && stored.SequenceEqual([1L]));
}
