using FewShotCluster.Vision.Numerics;
using Xunit;
using static TorchSharp.torch;

namespace FewShotCluster.TestSupport;

/// <summary>Comparison with golden arrays: |ours - golden| &lt;= atol + rtol * |golden|.</summary>
public static class Golden
{
    /// <summary>A golden array as a tensor of its own dtype.</summary>
    public static Tensor Load(string path)
    {
        var array = NpyArray.Read(path);
        return array.Descriptor switch
        {
            "<f8" => tensor(array.ToDoubles(), array.Shape),
            "<i4" or "<i8" => tensor(array.ToInt64s(), array.Shape),
            "|u1" => tensor(array.Data, array.Shape),
            _ => tensor(array.ToSingles(), array.Shape),
        };
    }

    /// <summary>Asserts that values match within the tolerance; the message names the worst element.</summary>
    public static void Close(Tensor golden, Tensor ours, double atol, double rtol = 0)
    {
        using var scope = NewDisposeScope();
        Assert.Equal(golden.shape, ours.shape);
        var expected = golden.to(ScalarType.Float64).cpu();
        var difference = (ours.to(ScalarType.Float64).cpu() - expected).abs();
        Assert.False(difference.isnan().any().item<bool>(), "NaN in the result");
        var excess = (difference - rtol * expected.abs()).max().item<double>();
        Assert.True(excess <= atol, $"off by {difference.max().item<double>():g4}, allowed {atol:g4} + {rtol:g4} * |golden|");
    }

    /// <summary>As <see cref="Close(Tensor, Tensor, double, double)"/> against a file.</summary>
    public static void Close(string goldenPath, Tensor ours, double atol, double rtol = 0)
    {
        using var golden = Load(goldenPath);
        Close(golden, ours, atol, rtol);
    }
}
