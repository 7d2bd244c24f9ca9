using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace FewShotCluster.Vision.Inference;

/// <summary>What this processor computes fast.</summary>
public static class CpuFeatures
{
    private const int ExtendedFeatures = 7, Avx512Bf16Bit = 5, AmxBf16Bit = 22;

    /// <summary>Whether it multiplies bfloat16 matrices faster than float32 ones: AVX512_BF16 or AMX-BF16, enabled by the system.</summary>
    public static bool FastBFloat16 { get; } = DetectBFloat16();

    /// <summary>Whether its vectors are 64 bytes wide.</summary>
    public static bool HasAvx512 => Avx512F.IsSupported;

    /// <summary>The widest of its vector extensions, as in <c>avx2</c> or <c>avx512 bf16</c>.</summary>
    public static string Description { get; } =
        (HasAvx512 ? "avx512" : Avx2.IsSupported ? "avx2" : RuntimeInformation.ProcessArchitecture.ToString())
        + (FastBFloat16 ? " bf16" : "");

    // Both need the AVX-512 state that the system saves, which IsSupported has checked.
    private static bool DetectBFloat16()
    {
        if (!X86Base.IsSupported || !Avx512F.IsSupported) return false;
        var hasSubLeaf = X86Base.CpuId(ExtendedFeatures, 0);
        var avx512Bf16 = hasSubLeaf.Eax >= 1 && (X86Base.CpuId(ExtendedFeatures, 1).Eax >> Avx512Bf16Bit & 1) == 1;
        return avx512Bf16 || (hasSubLeaf.Edx >> AmxBf16Bit & 1) == 1;
    }
}
