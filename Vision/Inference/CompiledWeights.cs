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

    /// <summary>A weight in float32.</summary>
    public Tensor Take(string name) => state[name].detach().to(ScalarType.Float32).cpu();

    /// <summary>A weight as it is, in the plan's number format.</summary>
    public Tensor Keep(string name) => Keep(Take(name));

    /// <summary>A folded weight, in the plan's number format.</summary>
    public Tensor Keep(Tensor weight) => Own(OnDevice(weight).contiguous());

    /// <summary>The weight and the bias of a layer as they are: a norm's.</summary>
    public Tensor[] KeepBoth(string layer) => [Keep(layer + ".weight"), Keep(layer + ".bias")];

    /// <summary>A folded weight that enters float32 arithmetic whatever the plan's number format.</summary>
    public Tensor KeepSingle(Tensor weight) => Own(weight.to(ScalarType.Float32).to(plan.Device).contiguous());

    /// <summary>A linear layer's weights [out, in].</summary>
    public Tensor KeepLinear(Tensor weight) => Own(plan.Kernels.PackLinear(OnDevice(weight).contiguous()));

    /// <summary>The weights and the bias of a linear layer as they are.</summary>
    public Tensor[] KeepLinear(string layer) => [KeepLinear(Take(layer + ".weight")), Keep(layer + ".bias")];

    /// <inheritdoc cref="Kernels.PackBlockLinear"/>
    public IDisposable KeepBlockLinear(Tensor weight) => Own(plan.Kernels.PackBlockLinear(OnDevice(weight).contiguous()));

    /// <summary>As <see cref="KeepLinear(string)"/>, for layers within blocks and for heads.</summary>
    public IDisposable[] KeepBlockLinear(string layer) => [KeepBlockLinear(Take(layer + ".weight")), Keep(layer + ".bias")];

    /// <inheritdoc cref="Kernels.PackConv3x3"/>
    public IDisposable KeepConv3x3(Tensor weight, int side) => Own(plan.Kernels.PackConv3x3(OnDevice(weight), side));

    /// <inheritdoc cref="Kernels.PackDepthwise"/>
    public IDisposable KeepDepthwise(Tensor weight, int side) => Own(plan.Kernels.PackDepthwise(OnDevice(weight), side));

    /// <inheritdoc cref="Kernels.PackPatchConv"/>
    public IDisposable KeepPatchConv(Tensor weight, int side) => Own(plan.Kernels.PackPatchConv(OnDevice(weight), side));

    /// <inheritdoc cref="Kernels.PackConv"/>
    public Tensor KeepConv(Tensor weight, int padding, int stride, int groups, int side) =>
        Own(plan.Kernels.PackConv(OnDevice(weight), padding, stride, groups, side));

    public void Dispose()
    {
        foreach (var packed in kept) packed.Dispose();
        kept.Clear();
    }

    private Tensor OnDevice(Tensor weight) => weight.to(plan.Dtype).to(plan.Device);

    private T Own<T>(T packed) where T : IDisposable
    {
        (packed as Tensor)?.DetachFromDisposeScope();
        kept.Add(packed);
        return packed;
    }
}
