using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference;

/// <summary>
/// Takes a module's weights by their checkpoint names, to be folded in float32 and then kept in a plan's form. Owns what it keeps;
/// what is taken belongs to the caller's dispose scope, and the module's tensors are not modified.
/// </summary>
internal sealed class CompiledWeights(nn.Module module, ComputePlan plan) : IDisposable
{
    private readonly Dictionary<string, Tensor> state = module.state_dict();
    private readonly List<IDisposable> kept = [];

    public ComputePlan Plan => plan;

    /// <summary>Whether the module has a weight of that name.</summary>
    public bool Has(string name) => state.ContainsKey(name);

    /// <summary>How many consecutive blocks <c>prefix0. prefix1. ...</c> the module has.</summary>
    public int Count(string prefix) =>
        Enumerable.Range(0, int.MaxValue).TakeWhile(i => state.Keys.Any(k => k.StartsWith($"{prefix}{i}.", StringComparison.Ordinal))).Count();

    /// <summary>A weight in float32.</summary>
    public Tensor Take(string name) => state[name].detach().to(ScalarType.Float32).cpu();

    /// <summary>A weight as it is, in the plan's number format.</summary>
    public Tensor Keep(string name) => Keep(Take(name));

    /// <summary>A folded weight, in the plan's number format.</summary>
    public Tensor Keep(Tensor weight) => Own(weight.to(plan.Dtype).to(plan.Device).contiguous());

    /// <summary>A folded weight that enters float32 arithmetic whatever the plan's number format.</summary>
    public Tensor KeepSingle(Tensor weight) => Own(weight.to(ScalarType.Float32).to(plan.Device).contiguous());

    /// <summary>A linear layer's weights [out, in].</summary>
    public Tensor KeepLinear(Tensor weight) => Own(plan.Kernels.PackLinear(weight.to(plan.Dtype).to(plan.Device).contiguous()));

    /// <inheritdoc cref="Kernels.PackBlockLinear"/>
    public IDisposable KeepBlockLinear(Tensor weight) => Own(plan.Kernels.PackBlockLinear(weight.to(plan.Dtype).to(plan.Device).contiguous()));

    /// <inheritdoc cref="Kernels.PackConv3x3"/>
    public IDisposable KeepConv3x3(Tensor weight, Tensor bias, int side) =>
        Own(plan.Kernels.PackConv3x3(weight.to(plan.Dtype).to(plan.Device), bias, side));

    /// <inheritdoc cref="Kernels.PackConv"/>
    public Tensor KeepConv(Tensor weight, int padding, int stride, int groups, int side) =>
        Own(plan.Kernels.PackConv(weight.to(plan.Dtype).to(plan.Device), padding, stride, groups, side));

    public void Dispose()
    {
        foreach (var packed in kept) packed.Dispose();
        kept.Clear();
    }

    private T Own<T>(T packed) where T : IDisposable
    {
        (packed as Tensor)?.DetachFromDisposeScope();
        kept.Add(packed);
        return packed;
    }
}
