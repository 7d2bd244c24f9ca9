using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace FewShotCluster.Vision.Models;

/// <summary>
/// Convolution with a square window, named and initialised as torch's Conv2d. TorchSharp 0.107's own keeps 0.7 KB of each after its disposal.
/// </summary>
internal sealed class Conv2d : Module<Tensor, Tensor>
{
    private readonly Parameter weight; // [out, in / groups, window, window]
    private readonly Parameter? bias;  // [out]
    private readonly long stride;
    private readonly long padding;
    private readonly long groups;

    public Conv2d(long inputs, long outputs, long window, long stride = 1, long padding = 0, long groups = 1, bool bias = true) : base(nameof(Conv2d))
    {
        (this.stride, this.padding, this.groups) = (stride, padding, groups);
        weight = Parameter(empty(outputs, inputs / groups, window, window));
        init.kaiming_uniform_(weight, Math.Sqrt(5));
        if (bias)
        {
            this.bias = Parameter(empty(outputs));
            var bound = 1 / Math.Sqrt(inputs / groups * window * window);
            init.uniform_(this.bias, -bound, bound);
        }
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => F.conv2d(x, weight, bias, [stride, stride], [padding, padding], groups: groups);
}
