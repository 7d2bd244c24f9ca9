using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Adaptation;
using FewShotCluster.Vision.Numerics;
using TorchSharp;

namespace FewShotCluster.Vision.Tests.Adaptation;

public class SinkhornTests
{
    [Theory]
    [InlineData("small", "f64", "0", 1)]
    [InlineData("small", "f64", "0", 20)]
    [InlineData("small", "f64", "0.5", 1)]
    [InlineData("small", "f64", "0.5", 20)]
    [InlineData("small", "f32", "0", 20)]
    [InlineData("small", "f32", "0.5", 20)]
    [InlineData("medium", "f64", "0", 1)]
    [InlineData("medium", "f64", "0", 20)]
    [InlineData("medium", "f64", "0.5", 1)]
    [InlineData("medium", "f64", "0.5", 20)]
    [InlineData("medium", "f32", "0", 20)]
    [InlineData("medium", "f32", "0.5", 20)]
    public void Agrees_with_the_authors(string problem, string precision, string gamma, int iterations)
    {
        using var scope = torch.NewDisposeScope();
        var golden = new Golden(problem, precision);
        var logits = Scores.UnitRows(golden.Input("features")).matmul(golden.Input("text"));
        var labels = Sinkhorn.Balance(logits, 0.01, double.Parse(gamma), iterations);
        var name = $"sinkhorn.gamma{gamma}.it{iterations}";
        // The larger problem's goldens are kept in float64 only.
        var expected = golden.Output64(name);
        Assert.Equal(golden.Type, labels.dtype);
        Golden.Close(expected, labels[..(int)expected.shape[0]], golden.Tolerance(1e-12, 1e-5));
        Golden.Close(golden.Output64(name + ".colsum"), labels.sum(dim: 0), golden.Tolerance(1e-10, 1e-4));
    }

    [Fact]
    public void A_column_that_underflows_is_balanced_all_the_same()
    {
        using var scope = torch.NewDisposeScope();
        var folder = ReferenceData.Reference("algorithms", "edge");
        var input = Golden.ToTensor(NpyArray.Read(Path.Combine(folder, "sinkhorn.underflow.input.npy")));
        var expected = Golden.ToTensor(NpyArray.Read(Path.Combine(folder, "sinkhorn.underflow.f64.npy")));
        Golden.Close(expected, Sinkhorn.Balance(input, 0.01), 1e-12);
        Golden.Close(expected, Sinkhorn.Balance(input.to(torch.ScalarType.Float32), 0.01), 1e-5);
    }

    [Fact]
    public void Rows_sum_to_one_and_columns_to_an_equal_share()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 3, classes: 7, size: 16);
        var images = world.Draw(30, 5, 10, 1, 20, 8, 3);
        var labels = Sinkhorn.Balance(images.Features.matmul(world.Text), 0.05, iterations: 500);
        Golden.Close(torch.ones(77), labels.sum(1), 1e-12);
        Golden.Close(torch.full(7, 11.0), labels.sum(dim: 0), 1e-9);
    }

    [Fact]
    public void Gamma_one_keeps_the_mass_that_the_logits_gave_each_class()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 4, classes: 5, size: 12);
        var logits = world.Draw(9, 2, 5, 1, 3).Features.matmul(world.Text);
        var soft = (logits / 0.1).softmax(1);
        Golden.Close(soft, Sinkhorn.Balance(logits, 0.1, gamma: 1), 1e-12);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    public void Many_rows_are_balanced_block_by_block_as_in_one_piece(double gamma)
    {
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(5);
        var logits = torch.randn(1300, 21, dtype: torch.ScalarType.Float64);
        var p = (logits / torch.tensor(0.5, dtype: torch.ScalarType.Float64)).softmax(1);
        var images = torch.tensor(1300.0, dtype: torch.ScalarType.Float64);
        var mass = p.sum(dim: 0).pow(torch.tensor(gamma, dtype: torch.ScalarType.Float64));
        mass /= mass.sum();
        // The definition itself, on the whole matrix; more rounds than scale factors are folded after.
        for (var round = 0; round < 60; round++)
        {
            p = p / p.sum(dim: 0) * mass;
            p = p / (p.sum(dim: 1, keepdim: true) * images);
        }
        Golden.Close(p * images, Sinkhorn.Balance(logits, 0.5, gamma, 60), 1e-12);
    }

    [Fact]
    public void A_constant_added_to_a_row_changes_nothing()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 5, classes: 6, size: 12);
        var logits = world.DrawEven(4).Features.matmul(world.Text);
        var shift = torch.arange(24, dtype: torch.ScalarType.Float64).unsqueeze(1);
        Golden.Close(Sinkhorn.Balance(logits, 0.1), Sinkhorn.Balance(logits + shift, 0.1), 1e-12);
    }

    [Theory]
    [InlineData(1e-4)]
    [InlineData(1e-12)]
    [InlineData(1e-300)]
    public void Extreme_temperatures_never_give_NaN(double temperature)
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 6, classes: 5, size: 12);
        var logits = world.Draw(20, 1, 1, 1, 1).Features.matmul(world.Text);
        foreach (var gamma in new[] { 0, 0.5, 1 })
        {
            var labels = Sinkhorn.Balance(logits, temperature, gamma, iterations: 300);
            Golden.Close(torch.ones(24), labels.sum(1), 1e-9);
        }
    }

    [Fact]
    public void One_class_and_one_image_are_ordinary()
    {
        using var scope = torch.NewDisposeScope();
        Golden.Close(torch.ones(3), Sinkhorn.Balance(torch.randn(3, 1), 0.01), 0);
        Golden.Close(torch.full(4, 0.25), Sinkhorn.Balance(torch.zeros(1, 4), 0.01), 1e-7);
    }
}
