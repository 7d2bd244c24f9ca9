using FewShotCluster.Vision.Encoders;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Tests.Gpu;

/// <summary>The first GPU of this machine, for tests that need one.</summary>
internal static class Gpu
{
    /// <summary>Skips the test where there is none, or where this build's libtorch knows of none.</summary>
    public static Device Require()
    {
        Assert.SkipUnless(cuda.is_available(), "no CUDA device, or a libtorch without CUDA");
        return TorchDevice.Open("cuda:0");
    }
}
