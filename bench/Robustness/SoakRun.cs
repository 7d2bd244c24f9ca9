using System.Diagnostics;
using System.Runtime.InteropServices;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Numerics;

namespace FewShotCluster.Bench.Robustness;

/// <summary>
/// Encodes batches of 1 to 8 pictures or texts, in an order that follows from the seed, through the serving encoders, and watches the
/// process's memory. Everything runs on the calling thread, as on a device worker's.
/// </summary>
/// <param name="encoders">CLIP models; stay the caller's.</param>
/// <param name="refiner">The refiner; stays the caller's.</param>
/// <param name="seed">Everything follows from it.</param>
public sealed class SoakRun(IReadOnlyList<IImageTextEncoder> encoders, IRefinerBackbone? refiner, ulong seed)
{
    private const int Thousand = 1000, LargestBatch = 8, MostWords = 40;
    private static readonly string[] Words = ["a", "photo", "of", "the", "striped", "purple", "tractor", "kingfisher,", "type", "bird."];
    private readonly SplitMix64 random = new(SplitMix64.Mix(seed));
    private long items;

    /// <summary>Encodes that many batches.</summary>
    /// <exception cref="InvalidDataException">A feature is no number.</exception>
    public SoakReport Run(int encodes, Action<double> progress, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var (samples, peak) = (new List<long>(), 0L);
        // A short run has no first thousand: its first half stands for it.
        var warm = Math.Min(Thousand, Math.Max(1, encodes / 2));
        var rest = encodes > Thousand ? ResidentMemory.CompilerRest : default;
        for (var done = 1; done <= encodes; done++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var features = Encode(1 + random.Below(LargestBatch));
            if (!features.All(float.IsFinite)) throw new InvalidDataException($"batch {done} has a feature that is no number");
            if (done % 50 == 0) peak = Math.Max(peak, Environment.WorkingSet);
            if (done == warm || (done > warm && done % Thousand == 0) || done == encodes) samples.Add(ResidentMemory.AfterCollection(rest));
            progress((double)done / encodes);
        }
        return new SoakReport(encodes, items, samples, Math.Max(peak, samples.Max()), Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private float[] Encode(int batch)
    {
        items += batch;
        var kind = random.Below(2 * encoders.Count + (refiner is null ? 0 : 1));
        if (kind == 2 * encoders.Count) return refiner!.Encode(Pictures(batch, refiner.Resolution));
        var encoder = encoders[kind / 2];
        return kind % 2 == 0 ? encoder.EncodeImages(Pictures(batch, encoder.Resolution)) : encoder.EncodeTexts(Texts(batch));
    }

    // Fresh arrays each time, as photos bring them.
    private byte[][] Pictures(int count, int side) => [.. Enumerable.Range(0, count).Select(_ =>
    {
        var planes = new byte[3 * side * side];
        foreach (ref var eight in MemoryMarshal.Cast<byte, ulong>(planes.AsSpan())) eight = random.Next();
        return planes;
    })];

    private string[] Texts(int count) => [.. Enumerable.Range(0, count).Select(
        _ => string.Join(' ', Enumerable.Range(0, 1 + random.Below(MostWords)).Select(_ => Words[random.Below(Words.Length)])))];
}
