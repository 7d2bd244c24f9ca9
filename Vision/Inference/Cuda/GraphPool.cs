using System.Runtime.InteropServices;

namespace FewShotCluster.Vision.Inference.Cuda;

/// <summary>libtorch's CUDAStream, or the id of a pool of memory.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct TwoWords
{
    public readonly ulong First, Second;
}

/// <summary>
/// The GPU memory that graphs share: only one of them may be in use at a time, and what it computed is to be read before another is
/// replayed. libtorch gives a pool up with its last graph; the next graph makes another.
/// </summary>
internal sealed class GraphPool
{
    private readonly Lock gate = new();
    private TwoWords id;
    private int graphs;

    /// <summary>The pool's id for one more graph.</summary>
    public TwoWords Join(Func<TwoWords> create)
    {
        lock (gate)
        {
            if (graphs++ == 0) id = create();
            return id;
        }
    }

    /// <summary>A graph is gone.</summary>
    public void Leave()
    {
        lock (gate) graphs--;
    }
}
