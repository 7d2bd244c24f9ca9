using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Numerics;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Tests.Adaptation;

/// <summary>Inputs and outputs of the authors' code on one problem, in one precision.</summary>
internal sealed class Golden(string problem, string precision)
{
    public torch.ScalarType Type { get; } = precision == "f64" ? torch.ScalarType.Float64 : torch.ScalarType.Float32;

    public double Tolerance(double f64, double f32) => precision == "f64" ? f64 : f32;

    /// <summary>An input, in the precision under test.</summary>
    public Tensor Input(string name)
    {
        var array = NpyArray.Read(ReferenceData.Reference("algorithms", problem, name + ".npy"));
        return array.Descriptor[1] == 'i' ? torch.tensor(array.ToInt64s()) : ToTensor(array).to(Type);
    }

    /// <summary>An output: of the precision under test, or float64 where only that was stored.</summary>
    public Tensor Output(string name) => ToTensor(NpyArray.Read(ReferenceData.Reference("algorithms", problem, $"{name}.{precision}.npy")));

    public Tensor Output64(string name) => ToTensor(NpyArray.Read(ReferenceData.Reference("algorithms", problem, name + ".f64.npy")));

    /// <summary>Fails where |actual - expected| exceeds tolerance (1 + |expected|).</summary>
    public static void Close(Tensor expected, Tensor actual, double tolerance)
    {
        using var scope = torch.NewDisposeScope();
        var wide = expected.to(torch.ScalarType.Float64).flatten();
        Assert.Equal(expected.numel(), actual.numel());
        var excess = (wide - actual.to(torch.ScalarType.Float64).flatten()).abs() / (1 + wide.abs());
        var worst = excess.max().item<double>();
        Assert.True(worst <= tolerance, $"off by {worst:G3}, allowed {tolerance:G3}");
    }

    public static Tensor ToTensor(NpyArray array) => torch.tensor(array.ToDoubles()).reshape(array.Shape);
}
