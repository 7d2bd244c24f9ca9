namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>A register of float32 numbers, as wide as the processor's: kernels are written once and compiled for each width.</summary>
internal unsafe interface ILanes<TSelf> where TSelf : struct, ILanes<TSelf>
{
    /// <summary>Numbers in a register.</summary>
    static abstract int Count { get; }

    static abstract TSelf Create(float value);

    static abstract TSelf Load(float* from);

    static abstract TSelf Load(BrainFloat* from);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, TSelf b);

    static abstract TSelf operator /(TSelf a, TSelf b);

    /// <summary>a b + c, rounded once.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>c - a b, rounded once.</summary>
    static abstract TSelf MultiplyAddNegated(TSelf a, TSelf b, TSelf c);

    /// <summary>The larger; b where either is not a number.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);

    /// <summary>The smaller; b where either is not a number.</summary>
    static abstract TSelf Min(TSelf a, TSelf b);

    static abstract TSelf Abs(TSelf a);

    /// <summary>To the nearest integers.</summary>
    static abstract TSelf Round(TSelf a);

    /// <summary>2^n of integers from -126 to 127.</summary>
    static abstract TSelf PowerOfTwo(TSelf n);

    void Store(float* to);

    /// <summary>Rounded to the nearest, ties to even.</summary>
    void Store(BrainFloat* to);

    /// <summary>Of all numbers.</summary>
    float Sum();

    /// <summary>Of all numbers.</summary>
    float Max();
}
