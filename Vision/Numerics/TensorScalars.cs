using TorchSharp;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Numerics;

/// <summary>
/// Arithmetic of a tensor with a number, and sums and differences of tensors. In place of TorchSharp's operators (<c>x * 1.702</c>, <c>x + y</c>), which
/// make a native scalar (of a sum: its factor 1) that nothing refers to during the call: the garbage collector may free it there
/// ("Unknown scalar type", "Expected false to be true", seen in long trainings and on busy machines).
/// Results belong to the caller's dispose scope; a trailing underscore means in place, as in torch.
/// </summary>
public static class TensorScalars
{
    /// <summary>x + number.</summary>
    public static Tensor Plus(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.add(scalar);
    }

    /// <summary>x + y, either broadcast.</summary>
    public static Tensor Plus(this Tensor x, Tensor y)
    {
        using Scalar one = 1;
        return x.add(y, one);
    }

    /// <summary>x - y, either broadcast.</summary>
    public static Tensor Minus(this Tensor x, Tensor y)
    {
        using Scalar minusOne = -1;
        return x.add(y, minusOne);
    }

    /// <summary>x += y.</summary>
    public static Tensor Plus_(this Tensor x, Tensor y)
    {
        using Scalar one = 1;
        return x.add_(y, one);
    }

    /// <summary>x * number.</summary>
    public static Tensor Times(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.mul(scalar);
    }

    /// <summary>x / number.</summary>
    public static Tensor Over(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.div(scalar);
    }

    /// <summary>The larger of each element and a number.</summary>
    public static Tensor AtLeast(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.clamp_min(scalar);
    }

    /// <summary>The smaller of each element and a number.</summary>
    public static Tensor AtMost(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.clamp_max(scalar);
    }

    /// <summary>A tensor of the same shape, dtype and device, filled with a number.</summary>
    public static Tensor Filled(this Tensor like, double number)
    {
        using Scalar scalar = number;
        return full_like(like, scalar);
    }

    /// <summary>x += number.</summary>
    public static Tensor Plus_(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.add_(scalar);
    }

    /// <summary>x *= number.</summary>
    public static Tensor Times_(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.mul_(scalar);
    }

    /// <summary>x /= number.</summary>
    public static Tensor Over_(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.div_(scalar);
    }

    /// <summary>x += number * y.</summary>
    public static Tensor PlusMultiple_(this Tensor x, Tensor y, double number)
    {
        using Scalar scalar = number;
        return x.add_(y, scalar);
    }
}
