using FewShotCluster.Vision.Numerics;

namespace FewShotCluster.Bench.Robustness;

/// <summary>A mutated file.</summary>
public sealed record FuzzCase(int Number, FuzzSeed Seed, byte[] Bytes);

/// <summary>The cases of a seed: each follows from the seed and its number alone, so that one can be made again.</summary>
public sealed class FuzzCases
{
    private const long LargestFile = 1 << 20;
    private static readonly string[] CheckpointSuffixes = [".pt", ".safetensors"];
    private static readonly string[] ImageSuffixes = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"];
    private readonly ulong seed;
    private readonly FuzzSeed[] checkpoints;
    private readonly FuzzSeed[] images;

    /// <param name="seed">Everything follows from it and the corpus.</param>
    /// <param name="corpus">A folder of more valid or hostile files, up to a megabyte each; null: none.</param>
    public FuzzCases(ulong seed, string? corpus = null)
    {
        FuzzSeed[] all = [.. SeedCheckpoints.Create(), .. SeedPictures.Create(), .. corpus is null ? [] : Corpus(corpus)];
        this.seed = SplitMix64.Mix(seed);
        checkpoints = [.. all.Where(s => s.Kind != FuzzKind.Image)];
        images = [.. all.Where(s => s.Kind == FuzzKind.Image)];
    }

    /// <summary>The valid files.</summary>
    public IEnumerable<FuzzSeed> Seeds => checkpoints.Concat(images);

    /// <summary>Every second case is a picture.</summary>
    public FuzzCase Make(int number)
    {
        var random = new SplitMix64(SplitMix64.Mix(seed + (ulong)number));
        var seeds = number % 2 == 0 ? checkpoints : images;
        var (from, other) = (seeds[random.Below(seeds.Length)], seeds[random.Below(seeds.Length)]);
        return new FuzzCase(number, from, new Mutator(random).Mutate(from.Bytes, other.Bytes));
    }

    private static IEnumerable<FuzzSeed> Corpus(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var suffix = Path.GetExtension(file).ToLowerInvariant();
            if (new FileInfo(file).Length is 0 or > LargestFile) continue;
            var name = Path.GetRelativePath(folder, file);
            if (ImageSuffixes.Contains(suffix)) yield return new(name, FuzzKind.Image, File.ReadAllBytes(file));
            else if (CheckpointSuffixes.Contains(suffix))
                yield return new(name, name.Contains("convnext") ? FuzzKind.ConvNeXt : FuzzKind.Clip, File.ReadAllBytes(file));
        }
    }
}
