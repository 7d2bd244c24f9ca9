using TorchSharp;

namespace FewShotCluster.Vision.Tests;

public class TorchLoads
{
    [Fact]
    public void Native_libraries_load_and_compute()
    {
        using var x = torch.ones(2, 3);
        using var product = x.matmul(x.t());
        Assert.Equal(3f, product[0, 1].item<float>());
    }
}
