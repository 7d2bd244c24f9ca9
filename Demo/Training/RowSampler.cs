using FewShotCluster.Demo.World;

namespace FewShotCluster.Demo.Training;

/// <summary>Batches of row numbers, shuffled anew whenever too few are left.</summary>
internal sealed class RowSampler
{
    private readonly int[] _rows;
    private readonly int _batch;
    private readonly WorldRandom _random;
    private int _next;

    public RowSampler(int count, int batch, WorldRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch, count);
        (_rows, _batch, _random, _next) = ([.. Enumerable.Range(0, count)], batch, random, count);
    }

    public ReadOnlySpan<int> Next()
    {
        if (_next + _batch > _rows.Length)
        {
            _random.Shuffle(_rows.AsSpan());
            _next = 0;
        }
        _next += _batch;
        return _rows.AsSpan(_next - _batch, _batch);
    }
}
