namespace FewShotCluster.Bench.Encoders;

/// <summary>A product [Rows, Inner] x [Inner, Columns] with a matrix of weights; a convolution is one too, over its windows.</summary>
/// <param name="Rows">Tokens or pixels of the whole batch.</param>
/// <param name="Columns">Outputs.</param>
/// <param name="Inner">Inputs.</param>
/// <param name="Count">How often a network has it.</param>
public readonly record struct MatrixProduct(long Rows, long Columns, long Inner, int Count = 1)
{
    /// <summary>Floating-point operations of all.</summary>
    public double Operations => 2.0 * Rows * Columns * Inner * Count;
}
