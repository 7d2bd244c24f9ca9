using System.Runtime.CompilerServices;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>What follows the sums of a linear layer: activation(sums + bias + residual), rounded to the layer's number format.</summary>
/// <param name="bias">[outputs]</param>
/// <param name="residual">[rows, outputs], or null.</param>
/// <param name="y">[rows, outputs]</param>
/// <param name="outputs">Of the layer.</param>
/// <param name="activation">What comes last.</param>
internal readonly unsafe ref struct ProductEpilogue<T>(T* bias, T* residual, T* y, int outputs, Activation activation)
    where T : unmanaged, IElement<T>
{
    private readonly T* bias = bias, residual = residual, y = y;

    /// <param name="tile">[rows, panel], a block of the sums; overwritten where it is not whole registers wide.</param>
    /// <param name="panel">Width of the tile.</param>
    /// <param name="first">Its first row.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="column">Its first output.</param>
    /// <param name="columns">Its outputs, at most the panel's.</param>
    public void Run(float* tile, int panel, int first, int rows, int column, int columns)
    {
        if (CpuFeatures.HasAvx512) Run<Lanes16>(tile, panel, first, rows, column, columns);
        else Run<Lanes8>(tile, panel, first, rows, column, columns);
    }

    private void Run<TLanes>(float* tile, int panel, int first, int rows, int column, int columns) where TLanes : struct, ILanes<TLanes>
    {
        switch (activation)
        {
            case Activation.None: Run<Identity, TLanes>(tile, panel, first, rows, column, columns); break;
            case Activation.Relu: Run<Relu, TLanes>(tile, panel, first, rows, column, columns); break;
            case Activation.Silu: Run<Silu, TLanes>(tile, panel, first, rows, column, columns); break;
            case Activation.Gelu: Run<Gelu, TLanes>(tile, panel, first, rows, column, columns); break;
        }
    }

    private void Run<TActivation, TLanes>(float* tile, int panel, int first, int rows, int column, int columns)
        where TActivation : IActivation where TLanes : struct, ILanes<TLanes>
    {
        var c = 0;
        for (; c + 2 * TLanes.Count <= columns; c += 2 * TLanes.Count) RunPair<TActivation, TLanes>(tile + c, panel, first, rows, column + c);
        if (c < columns) RunRest<TActivation, TLanes>(tile + c, panel, first, rows, column + c, columns - c);
    }

    /// <summary>Of two registers' width, their biases in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunPair<TActivation, TLanes>(float* tile, int panel, int first, int rows, int column)
        where TActivation : IActivation where TLanes : struct, ILanes<TLanes>
    {
        var (b0, b1) = (T.Load<TLanes>(bias + column), T.Load<TLanes>(bias + column + TLanes.Count));
        var at = (long)first * outputs + column;
        for (var row = 0; row < rows; row++, tile += panel, at += outputs)
        {
            var (v0, v1) = (TLanes.Load(tile) + b0, TLanes.Load(tile + TLanes.Count) + b1);
            if (residual is not null)
            {
                var old = residual + at;
                (v0, v1) = (v0 + T.Load<TLanes>(old), v1 + T.Load<TLanes>(old + TLanes.Count));
            }
            T.Store(TActivation.Apply(v0), y + at);
            T.Store(TActivation.Apply(v1), y + at + TLanes.Count);
        }
    }

    /// <summary>The last outputs; the tile is whole registers wide, they are not.</summary>
    private void RunRest<TActivation, TLanes>(float* tile, int panel, int first, int rows, int column, int columns)
        where TActivation : IActivation where TLanes : struct, ILanes<TLanes>
    {
        T* offsets = stackalloc T[TLanes.Count], old = stackalloc T[TLanes.Count], result = stackalloc T[TLanes.Count];
        for (var c = 0; c < columns; c += TLanes.Count)
        {
            var count = Math.Min(columns - c, TLanes.Count);
            Copy(bias + column + c, offsets, count);
            for (var row = 0; row < rows; row++)
            {
                var at = (long)(first + row) * outputs + column + c;
                var value = TLanes.Load(tile + row * panel + c) + T.Load<TLanes>(offsets);
                if (residual is not null)
                {
                    Copy(residual + at, old, count);
                    value += T.Load<TLanes>(old);
                }
                T.Store(TActivation.Apply(value), result);
                Copy(result, y + at, count);
            }
        }
    }

    // Unsafe.CopyBlock into a buffer read as a vector before: .NET 10's compiler keeps the old vector.
    private static void Copy(T* from, T* to, int count) => new ReadOnlySpan<T>(from, count).CopyTo(new Span<T>(to, count));
}
