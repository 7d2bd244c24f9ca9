using System.Runtime.InteropServices;
using FewShotCluster.Vision.Inference.Simd;
using TorchSharp;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference;

/// <summary>A method of the scripts with its arguments after the first, which is the state that goes through the network.</summary>
internal sealed record KernelCall(string Method, object[] Arguments);

/// <summary>
/// The fused blocks that the compiled networks are made of (Scripts/blocks.py), over one set of linear layers and convolutions.
/// May be called from several threads; results belong to the caller's dispose scope.
/// </summary>
internal class Kernels
{
    // oneDNN lays weights out for a number of rows; layouts for few rows are much slower with many, not the other way round.
    private const int PackedForRows = 512;

    private static readonly Lazy<Kernels?> PackedOneDnn = new(LoadOneDnn);
    private static readonly Lazy<Kernels> PortableAten = new(() => new("aten", jit.load(TorchScriptArchive.Of("aten.py", "blocks.py"))));
    private static readonly Lazy<Kernels?> OwnSimd =
        new(() => OneDnn is { } oneDnn && SimdKernels.IsSupported ? new SimdKernels(oneDnn, ownProducts: true) : null);
    private readonly jit.ScriptModule module;

    private Kernels(string name, jit.ScriptModule module) => (Name, this.module) = (name, module);

    /// <summary>Kernels that replace some of another's.</summary>
    private protected Kernels(string name, Kernels basis) => (Name, module) = (name, basis.module);

    /// <summary>All ours: products too; null where the processor or libtorch's threads are not of the kind.</summary>
    public static Kernels? Simd => OwnSimd.Value;

    /// <summary>oneDNN's prepacked and fused products (CPU), with our attention, norms and some convolutions; null where this build of libtorch has none.</summary>
    public static Kernels? OneDnn => PackedOneDnn.Value;

    /// <summary>Torch's own operators, on every device and for every number format.</summary>
    public static Kernels Aten => PortableAten.Value;

    /// <summary><c>simd</c>, <c>onednn</c> or <c>aten</c>.</summary>
    public string Name { get; }

    /// <summary>Runs a method of the scripts.</summary>
    public virtual Tensor Run(string method, params object[] arguments)
    {
        // TorchSharp would make a native scalar of each number that nothing refers to in the call: a collection may free it.
        var held = Array.ConvertAll(arguments, a => a switch { int n => (Scalar)(long)n, long n => (Scalar)n, double n => (Scalar)n, _ => a });
        try
        {
            return (Tensor)module.invoke(method, held);
        }
        finally
        {
            foreach (var argument in held) (argument as Scalar)?.Dispose();
        }
    }

    /// <summary>
    /// Runs a network's calls, each on the result of the one before; only the last result is left to the caller's dispose scope.
    /// </summary>
    public Tensor Run(Tensor x, IEnumerable<KernelCall> calls)
    {
        var state = x;
        foreach (var (method, arguments) in calls)
        {
            var next = Run(method, [state, .. arguments]);
            if (!ReferenceEquals(state, x)) state.Dispose();
            state = next;
        }
        return state;
    }

    /// <summary>A linear layer's weights [out, in] in the layout that <c>linear*</c> take.</summary>
    public Tensor PackLinear(Tensor weight) => Run("pack_linear", weight, PackedForRows);

    /// <summary>As <see cref="PackLinear"/>, for layers within blocks and for heads.</summary>
    public virtual IDisposable PackBlockLinear(Tensor weight) => PackLinear(weight);

    /// <summary>x W^T + bias, for weights of <see cref="PackBlockLinear"/>; belongs to the caller's dispose scope.</summary>
    public virtual Tensor Linear(Tensor x, IDisposable weights, Tensor bias) => Run("linear", x, weights, bias);

    /// <summary>A 3x3 convolution with padding 1 and stride 1 whose result goes through ReLU.</summary>
    /// <param name="weight">[out, in, 3, 3]</param>
    /// <param name="side">Of the usual input, pixels.</param>
    public virtual IDisposable PackConv3x3(Tensor weight, int side) => PackConv(weight, 1, 1, 1, side);

    /// <summary>ConvNeXt's depthwise convolution, in front of a layer norm.</summary>
    /// <param name="weight">[channels, 1, k, k], k odd: the picture keeps its size.</param>
    /// <param name="side">Of the usual input, pixels.</param>
    public virtual IDisposable PackDepthwise(Tensor weight, int side) => PackConv(weight, (int)weight.shape[2] / 2, 1, (int)weight.shape[0], side);

    /// <summary>A convolution whose stride is its size: ConvNeXt's stem and downsampling.</summary>
    /// <param name="weight">[out, in, k, k]</param>
    /// <param name="side">Of the usual input, pixels.</param>
    public virtual IDisposable PackPatchConv(Tensor weight, int side) => PackConv(weight, 0, (int)weight.shape[2], 1, side);

    /// <summary>A convolution's weights [out, in / groups, k, k] in the layout that <c>conv*</c> take.</summary>
    /// <param name="weight">The weights.</param>
    /// <param name="padding">On each side, pixels.</param>
    /// <param name="stride">Of both axes.</param>
    /// <param name="groups">As in torch.</param>
    /// <param name="side">Of the usual input, pixels; others work too.</param>
    public Tensor PackConv(Tensor weight, int padding, int stride, int groups, int side)
    {
        using var scope = NewDisposeScope();
        return Run("pack_conv", ChannelsLast(weight), padding, stride, groups, weight.shape[1] * groups, side).MoveToOuterDisposeScope();
    }

    /// <summary>The same [N, C, H, W] with the channels next to each other in memory.</summary>
    public static Tensor ChannelsLast(Tensor x) => x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

    private static Kernels? LoadOneDnn()
    {
        try
        {
            var scripts = new Kernels("onednn", jit.load(TorchScriptArchive.Of("onednn.py", "blocks.py")));
            return SimdKernels.IsSupported ? new SimdKernels(scripts, ownProducts: false) : scripts;
        }
        catch (ExternalException)
        {
            return null; // the loader knows no such operators
        }
    }
}
