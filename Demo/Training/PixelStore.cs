namespace FewShotCluster.Demo.Training;

/// <summary>Preprocessed pictures of one side, uint8, before normalisation: rows of [side, side, 3].</summary>
internal sealed class PixelStore(int side, int count)
{
    private readonly byte[] _pixels = new byte[(long)count * side * side * 3];

    public int Side => side;

    public int Count => count;

    public Span<byte> this[int row] => _pixels.AsSpan(row * Length, Length);

    private int Length => side * side * 3;
}
