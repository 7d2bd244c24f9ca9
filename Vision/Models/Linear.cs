using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace FewShotCluster.Vision.Models;

/// <summary>x W' + b, named and initialised as torch's Linear. TorchSharp 0.107's own keeps 0.7 KB of each after its disposal.</summary>
internal sealed class Linear : Module<Tensor, Tensor>
{
    private readonly Parameter weight; // [out, in]
    private readonly Parameter bias;   // [out]

    public Linear(long inputs, long outputs) : base(nameof(Linear))
    {
        weight = Parameter(empty(outputs, inputs));
        init.kaiming_uniform_(weight, Math.Sqrt(5));
        bias = Parameter(empty(outputs));
        var bound = 1 / Math.Sqrt(inputs);
        init.uniform_(bias, -bound, bound);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => F.linear(x, weight, bias);
}
