using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Grains.Tests.Fakes;

/// <summary>Features are the mean colour's direction; counts what it encodes and can be held at a gate.</summary>
internal sealed class ToyEncoder(string name = "toy", string digest = "digest-of-toy") : IImageTextEncoder
{
    private readonly List<int> _batches = [];

    public string Name => name;

    public string Digest { get; set; } = digest;

    public int Dimension => 4;

    public double LogitScale => 20;

    public int Resolution => ToyImages.Side;

    /// <summary>While reset, batches wait; the device is then busy for certain.</summary>
    public ManualResetEventSlim Gate { get; } = new(true);

    /// <summary>Released once for every batch of images that reaches the device.</summary>
    public SemaphoreSlim Reached { get; } = new(0);

    /// <summary>Called with the size of each batch of images before it is encoded; what it throws is the device's failure.</summary>
    public Action<int>? Encoding { get; set; }

    public Func<string, float[]> Text { get; set; } = ToyColours.OfText;

    public int[] ImageBatches
    {
        get
        {
            lock (_batches) return [.. _batches];
        }
    }

    public byte[] Preprocess(RgbImage image) => image.ToPlanes();

    public float[] EncodeImages(IReadOnlyList<byte[]> planes)
    {
        lock (_batches) _batches.Add(planes.Count);
        Reached.Release();
        Gate.Wait();
        Encoding?.Invoke(planes.Count);
        return [.. planes.SelectMany(Feature)];
    }

    public float[] EncodeTexts(IReadOnlyList<string> texts) => [.. texts.SelectMany(Text)];

    /// <summary>The gate stays usable: tests open it after the device has stopped.</summary>
    public void Dispose()
    {
    }

    public static float[] Feature(byte[] planes)
    {
        var plane = planes.Length / 3;
        var mean = Enumerable.Range(0, 3).Select(c => planes.Skip(c * plane).Take(plane).Average(value => value)).ToArray();
        return ToyColours.Direction(mean[0], mean[1], mean[2]);
    }
}
