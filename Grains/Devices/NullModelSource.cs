using System.Diagnostics;
using System.IO.Hashing;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Grains.Devices;

/// <summary>
/// Encoders that compute nothing and take a fixed time for a batch, without libtorch and without decoding: what a bench measures with them is
/// what surrounds the device. Features are random directions that follow from the content, so that class sets can be made and asked.
/// </summary>
public sealed class NullModelSource(FewShotNodeOptions options) : IDeviceModelSource
{
    /// <summary>Feature size of each null encoder: CLIP's.</summary>
    public const int Dimension = 512;

    // A content's own seed stands in for its planes.
    private const int SeedBytes = sizeof(ulong);

    public DeviceModels Load(string device) => new(
        [.. Enumerable.Range(0, options.NullEncoders).Select(i => new ServedEncoder($"null-{i}", new NullEncoder(i, i == 0 ? options.NullBatchTime : TimeSpan.Zero)))],
        null, "float32", "null")
    {
        Prepare = image => [.. Enumerable.Repeat(Seed(image), options.NullEncoders)],
    };

    private static byte[] Seed(ReadOnlySpan<byte> content) => BitConverter.GetBytes(XxHash3.HashToUInt64(content));

    private sealed class NullEncoder(int number, TimeSpan batchTime) : IImageTextEncoder
    {
        public string Digest { get; } = $"{number:x2}{new string('0', 62)}";

        public int Dimension => NullModelSource.Dimension;

        public double LogitScale => 100;

        public int Resolution => 1;

        public byte[] Preprocess(RgbImage image) => Seed(MemoryMarshal.AsBytes<byte>(image.ToPlanes()));

        public float[] EncodeImages(IReadOnlyList<byte[]> planes) => Run(planes, static planes => planes.Length >= SeedBytes ? BitConverter.ToUInt64(planes) : 0);

        public float[] EncodeTexts(IReadOnlyList<string> texts) => Run(texts, static text => BitConverter.ToUInt64(Seed(MemoryMarshal.AsBytes<char>(text))));

        public void Dispose()
        {
        }

        private float[] Run<T>(IReadOnlyList<T> items, Func<T, ulong> seed)
        {
            var start = Stopwatch.GetTimestamp();
            var rows = new float[items.Count * Dimension];
            for (var i = 0; i < items.Count; i++) Direction(seed(items[i]) + (ulong)number, rows.AsSpan(i * Dimension, Dimension));
            // Asleep as a thread is that waits for a GPU; what is below the scheduler's millisecond is yielded away.
            while (batchTime - Stopwatch.GetElapsedTime(start) is { Ticks: > 0 } left)
            {
                if (left.TotalMilliseconds >= 1) Thread.Sleep((int)left.TotalMilliseconds);
                else Thread.Yield();
            }
            return rows;
        }

        private static void Direction(ulong seed, Span<float> row)
        {
            // SplitMix64: a draw is a few instructions.
            for (var i = 0; i < row.Length; i++)
            {
                var z = seed += 0x9E3779B97F4A7C15;
                z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
                z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
                row[i] = (int)(z >> 32) * (1f / int.MaxValue);
            }
            TensorPrimitives.Divide(row, TensorPrimitives.Norm<float>(row), row);
        }
    }
}
