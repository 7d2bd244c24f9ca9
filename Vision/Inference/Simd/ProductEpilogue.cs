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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Run<TActivation, TLanes>(float* tile, int panel, int first, int rows, int column, int columns)
        where TActivation : IActivation where TLanes : struct, ILanes<TLanes>
    {
        if (columns == 4 * TLanes.Count)
        {
            RunWide<TActivation, TLanes>(tile, panel, first, rows, column);
            return;
        }
        var line = stackalloc T[TLanes.Count];
        for (var row = 0; row < rows; row++)
        {
            var at = (long)(first + row) * outputs + column;
            T* target = y + at, old = residual is null ? null : residual + at;
            var sums = tile + row * panel;
            var c = 0;
            for (; c + TLanes.Count <= columns; c += TLanes.Count)
            {
                var value = TLanes.Load(sums + c) + T.Load<TLanes>(bias + column + c);
                if (old is not null) value += T.Load<TLanes>(old + c);
                T.Store(TActivation.Apply(value), target + c);
            }
            if (c == columns) continue;
            // The tile is whole registers wide, outputs are not.
            var rest = (columns - c) * sizeof(T);
            Unsafe.CopyBlockUnaligned(line, bias + column + c, (uint)rest);
            var last = TLanes.Load(sums + c) + T.Load<TLanes>(line);
            if (old is not null)
            {
                Unsafe.CopyBlockUnaligned(line, old + c, (uint)rest);
                last += T.Load<TLanes>(line);
            }
            T.Store(TActivation.Apply(last), line);
            Unsafe.CopyBlockUnaligned(target + c, line, (uint)rest);
        }
    }

    /// <summary>Of four registers' width, biases and all in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunWide<TActivation, TLanes>(float* tile, int panel, int first, int rows, int column)
        where TActivation : IActivation where TLanes : struct, ILanes<TLanes>
    {
        var (b0, b1) = (T.Load<TLanes>(bias + column), T.Load<TLanes>(bias + column + TLanes.Count));
        var (b2, b3) = (T.Load<TLanes>(bias + column + 2 * TLanes.Count), T.Load<TLanes>(bias + column + 3 * TLanes.Count));
        var at = (long)first * outputs + column;
        for (var row = 0; row < rows; row++, tile += panel, at += outputs)
        {
            var (v0, v1) = (TLanes.Load(tile) + b0, TLanes.Load(tile + TLanes.Count) + b1);
            var (v2, v3) = (TLanes.Load(tile + 2 * TLanes.Count) + b2, TLanes.Load(tile + 3 * TLanes.Count) + b3);
            if (residual is not null)
            {
                var old = residual + at;
                (v0, v1) = (v0 + T.Load<TLanes>(old), v1 + T.Load<TLanes>(old + TLanes.Count));
                (v2, v3) = (v2 + T.Load<TLanes>(old + 2 * TLanes.Count), v3 + T.Load<TLanes>(old + 3 * TLanes.Count));
            }
            var target = y + at;
            T.Store(TActivation.Apply(v0), target);
            T.Store(TActivation.Apply(v1), target + TLanes.Count);
            T.Store(TActivation.Apply(v2), target + 2 * TLanes.Count);
            T.Store(TActivation.Apply(v3), target + 3 * TLanes.Count);
        }
    }
}
