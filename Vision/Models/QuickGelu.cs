using FewShotCluster.Vision.Numerics;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Models;

/// <summary>x * sigmoid(1.702 x): OpenAI's approximation of GELU (openai/CLIP, clip/model.py).</summary>
internal sealed class QuickGelu() : nn.Module<Tensor, Tensor>(nameof(QuickGelu))
{
    public override Tensor forward(Tensor x) => x * sigmoid(x.Times(1.702));
}
