namespace FewShotCluster.Bench.Robustness;

/// <summary>What reads a file.</summary>
public enum FuzzKind
{
    Clip,
    ConvNeXt,
    Image,
}

/// <summary>A valid file that cases are mutated from.</summary>
public sealed record FuzzSeed(string Name, FuzzKind Kind, byte[] Bytes);
