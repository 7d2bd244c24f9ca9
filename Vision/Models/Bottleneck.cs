using FewShotCluster.Vision.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace FewShotCluster.Vision.Models;

/// <summary>
/// Residual block of CLIP's ResNet: all convolutions have stride 1, an average pool in front of the third does the downsampling
/// (openai/CLIP, clip/model.py, Bottleneck).
/// </summary>
internal sealed class Bottleneck : Module<Tensor, Tensor>
{
    public const long Expansion = 4;

    private readonly Conv2d conv1;
    private readonly BatchNorm2d bn1;
    private readonly Conv2d conv2;
    private readonly BatchNorm2d bn2;
    private readonly Module<Tensor, Tensor> avgpool;
    private readonly Conv2d conv3;
    private readonly BatchNorm2d bn3;
    private readonly Sequential? downsample;

    public Bottleneck(long inplanes, long planes, long stride) : base(nameof(Bottleneck))
    {
        conv1 = new Conv2d(inplanes, planes, 1, bias: false);
        bn1 = BatchNorm2d(planes);
        conv2 = new Conv2d(planes, planes, 3, padding: 1, bias: false);
        bn2 = BatchNorm2d(planes);
        avgpool = Pool(stride);
        conv3 = new Conv2d(planes, planes * Expansion, 1, bias: false);
        bn3 = BatchNorm2d(planes * Expansion);
        if (stride > 1 || inplanes != planes * Expansion)
            downsample = Sequential(
                ("-1", Pool(stride)), ("0", new Conv2d(inplanes, planes * Expansion, 1, bias: false)), ("1", BatchNorm2d(planes * Expansion)));
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) // [N, inplanes, H, W]
    {
        // A block's intermediates go with its scope: a whole forward's would be gigabytes.
        using var scope = NewDisposeScope();
        var y = F.relu(bn1.call(conv1.call(x)));
        y = F.relu(bn2.call(conv2.call(y)));
        y = bn3.call(conv3.call(avgpool.call(y)));
        return F.relu(y.Plus(downsample is null ? x : downsample.call(x))).MoveToOuterDisposeScope(); // [N, 4 planes, H / stride, W / stride]
    }

    private static Module<Tensor, Tensor> Pool(long stride) => stride > 1 ? AvgPool2d(stride) : Identity();
}
