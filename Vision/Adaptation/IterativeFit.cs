using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// A long computation cut into short steps, so that a device worker can run it between batches of inference.
/// It may be driven from one thread at a time, not always the same one. It owns its tensors until disposed and
/// never touches the ones it was given after the constructor returns.
/// </summary>
/// <typeparam name="TResult">What is learned; it owns its tensors.</typeparam>
public abstract class IterativeFit<TResult> : IDisposable where TResult : class, IDisposable
{
    private readonly HashSet<Tensor> _owned = new(ReferenceEqualityComparer.Instance);
    private TResult? _result;
    private bool _handedOver;
    private bool _disposed;

    /// <summary>Steps done.</summary>
    public int Completed { get; private set; }

    /// <summary>Steps in all.</summary>
    public abstract int Total { get; }

    /// <summary>
    /// What was learned, once the last step is done. The first read hands it to the caller, who disposes it; a result never
    /// read is disposed with the fit. Its tensors belong to no dispose scope.
    /// </summary>
    /// <exception cref="InvalidOperationException">Steps remain.</exception>
    /// <exception cref="ObjectDisposedException">The fit was disposed before its result was read.</exception>
    public TResult Result
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed && !_handedOver, this);
            if (_result is null) throw new InvalidOperationException($"{Completed} of {Total} steps are done: the result is not ready");
            _handedOver = true;
            return _result;
        }
    }

    /// <summary>Performs the next step.</summary>
    /// <returns>True while steps remain.</returns>
    /// <exception cref="AdaptationException">The numbers are no longer finite; the fit can only be disposed.</exception>
    public bool Step()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Completed == Total) return false;
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Advance();
        if (++Completed < Total) return true;
        _result = Finish();
        return false;
    }

    /// <summary>Runs the remaining steps, disposes the fit and hands its result over.</summary>
    public TResult RunToEnd()
    {
        using (this)
        {
            while (Step()) { }
            return Result;
        }
    }

    /// <summary>Frees the tensors of the computation, and a result that nobody read.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        foreach (var tensor in _owned) tensor.Dispose();
        _owned.Clear();
        if (!_handedOver) _result?.Dispose();
        DisposeParts();
        GC.SuppressFinalize(this);
    }

    /// <summary>One step, inside a dispose scope and without gradients.</summary>
    private protected abstract void Advance();

    /// <summary>Builds the result after the last step; its tensors come from <see cref="HandOver"/>.</summary>
    private protected abstract TResult Finish();

    /// <summary>Disposes fits that this one is made of.</summary>
    private protected virtual void DisposeParts()
    {
    }

    /// <summary>Makes a tensor part of the fit's state: it outlives the scope that it was made in.</summary>
    private protected Tensor Keep(Tensor tensor)
    {
        tensor.DetachFromDisposeScope();
        _owned.Add(tensor);
        return tensor;
    }

    /// <summary>Frees a tensor of the fit's state that is needed no more.</summary>
    private protected void Drop(Tensor? tensor)
    {
        if (tensor is null || !_owned.Remove(tensor)) return;
        tensor.Dispose();
    }

    /// <summary>Puts a new tensor in the place of one of the fit's state.</summary>
    private protected void Replace(ref Tensor slot, Tensor next)
    {
        Drop(slot);
        slot = Keep(next);
    }

    /// <summary>A tensor of the fit's state that belongs to the caller from now on.</summary>
    private protected Tensor GiveAway(Tensor tensor)
    {
        _owned.Remove(tensor);
        return tensor;
    }

    /// <summary>A copy that belongs to the caller, checked to be finite.</summary>
    private protected static Tensor HandOver(Tensor tensor, string name)
    {
        Check.Finite(tensor, name);
        return tensor.clone().DetachFromDisposeScope();
    }
}
