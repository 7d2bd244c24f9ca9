using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>What every method demands of its input, said once. Call inside a dispose scope.</summary>
internal static class Check
{
    /// <summary>A non-empty, finite matrix, copied to the working precision: float64 stays, the others become float32.</summary>
    public static Tensor Matrix(Tensor matrix, string name)
    {
        if (matrix.dim() != 2 || matrix.shape.Contains(0))
            throw new AdaptationException($"{name} must be a matrix with rows and columns; its shape is {Shape(matrix)}");
        if (!matrix.is_floating_point()) throw new AdaptationException($"{name} must hold floating-point numbers, not {matrix.dtype}");
        Finite(matrix, name);
        return matrix.detach().to(matrix.dtype == torch.ScalarType.Float64 ? torch.ScalarType.Float64 : torch.ScalarType.Float32).clone();
    }

    /// <summary>Image features [N,D], every row scaled to unit length.</summary>
    public static Tensor UnitRows(Tensor features, string name)
    {
        var matrix = Matrix(features, name);
        return matrix / Lengths(matrix, 1, name, "row");
    }

    /// <summary>Class proxies [D,C] as they are, in the features' precision and on their device.</summary>
    public static Tensor Proxies(Tensor proxies, Tensor features, string name)
    {
        var matrix = Matrix(proxies, name).to(features.dtype).to(features.device);
        Lengths(matrix, 0, name, "column");
        if (matrix.shape[0] != features.shape[1])
            throw new AdaptationException($"{name} of size {matrix.shape[0]} do not fit features of size {features.shape[1]}");
        return matrix;
    }

    /// <summary>One class index a row, each in [0, classes), as int64 on the features' device.</summary>
    public static Tensor Labels(Tensor labels, Tensor features, long classes, string name)
    {
        if (labels.dim() != 1 || labels.shape[0] != features.shape[0])
            throw new AdaptationException($"{name} need one label a row: {features.shape[0]} rows, labels of shape {Shape(labels)}");
        if (labels.is_floating_point()) throw new AdaptationException($"the labels of {name} must be whole numbers, not {labels.dtype}");
        var indices = labels.detach().to(torch.ScalarType.Int64).to(features.device).clone();
        var (low, high) = (indices.min().ToInt64(), indices.max().ToInt64());
        if (low < 0 || high >= classes)
            throw new AdaptationException($"the labels of {name} run from {low} to {high}; there are {classes} classes");
        return indices;
    }

    public static void Finite(Tensor tensor, string name)
    {
        using var scope = torch.NewDisposeScope();
        if (!tensor.isfinite().all().item<bool>()) throw new AdaptationException($"{name}: NaN or infinity");
    }

    public static void Positive(double value, string name)
    {
        if (!(value > 0) || double.IsInfinity(value)) throw new AdaptationException($"{name} must be a positive number, not {value}");
    }

    public static void NotNegative(double value, string name)
    {
        if (!(value >= 0) || double.IsInfinity(value)) throw new AdaptationException($"{name} must be a number of at least 0, not {value}");
    }

    public static void AtLeast(int value, int minimum, string name)
    {
        if (value < minimum) throw new AdaptationException($"{name} must be at least {minimum}, not {value}");
    }

    public static string Shape(Tensor tensor) => $"[{string.Join(", ", tensor.shape)}]";

    private static Tensor Lengths(Tensor matrix, int dimension, string name, string line)
    {
        var lengths = matrix.norm(dimension, keepdim: true);
        var unusable = lengths.isfinite().logical_not().logical_or(lengths == 0).flatten();
        if (!unusable.any().item<bool>()) return lengths;
        var first = unusable.to(torch.ScalarType.Int64).argmax().ToInt64();
        throw new AdaptationException($"{name}: {line} {first} has no usable length (zero, or too large)");
    }
}
