using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Inference;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Tests.Inference;

/// <summary>Packed layers give the plain product whatever their width: oneDNN's own layouts lose rows on some processors.</summary>
public class OneDnnLayouts
{
    public static MatrixTheoryData<int, int> Widths => new([10, 24, 40, 48, 64, 80, 96, 112, 160, 1000], [24, 48, 64]);

    [Theory]
    [MemberData(nameof(Widths))]
    public void Linear_layers_of_any_width(int outputs, int inputs)
    {
        Assert.SkipUnless(Kernels.OneDnn is not null, "this libtorch has no oneDNN operators");
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        var weight = randn([outputs, inputs], generator: generator);
        var bias = randn([outputs], generator: generator);
        var packed = Kernels.OneDnn!.PackLinear(weight);
        foreach (var rows in new[] { 1, 3, 77 })
        {
            var x = randn([rows, inputs], generator: generator);
            var exact = x.to(ScalarType.Float64).matmul(weight.t().to(ScalarType.Float64)).to(ScalarType.Float32).add(bias);
            Golden.Close(exact, Kernels.OneDnn.Run("linear", x, packed, bias), 1e-4);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Convolutions_of_any_width(int outputs, int inputs)
    {
        Assert.SkipUnless(Kernels.OneDnn is not null, "this libtorch has no oneDNN operators");
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        using var generator = new Generator(4);
        var weight = randn([outputs, inputs, 2, 2], generator: generator);
        var bias = randn([outputs], generator: generator);
        var packed = Kernels.OneDnn!.PackConv(weight, padding: 0, stride: 2, groups: 1, side: 8);
        foreach (var batch in new[] { 1, 4 })
        {
            var x = Kernels.ChannelsLast(randn([batch, inputs, 8, 8], generator: generator));
            var exact = nn.functional.conv2d(
                x.to(ScalarType.Float64), weight.to(ScalarType.Float64), bias.to(ScalarType.Float64), [2L, 2L]).to(ScalarType.Float32);
            Golden.Close(exact, Kernels.OneDnn.Run("conv", x, packed, bias, 0, 2, 1), 1e-3);
        }
    }
}
