using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace FewShotCluster.Vision.Models;

/// <summary>
/// CLIP's ResNet image tower: a stem of three convolutions with an average pool, anti-aliased strides, attention pooling
/// (openai/CLIP, clip/model.py, ModifiedResNet).
/// </summary>
internal sealed class ModifiedResNet : Module<Tensor, Tensor>
{
    private readonly Conv2d conv1;
    private readonly BatchNorm2d bn1;
    private readonly Conv2d conv2;
    private readonly BatchNorm2d bn2;
    private readonly Conv2d conv3;
    private readonly BatchNorm2d bn3;
    private readonly Sequential layer1;
    private readonly Sequential layer2;
    private readonly Sequential layer3;
    private readonly Sequential layer4;
    private readonly AttentionPool2d attnpool;

    public ModifiedResNet(IReadOnlyList<int> layers, long embed, long heads, long resolution, long width) : base(nameof(ModifiedResNet))
    {
        conv1 = new Conv2d(3, width / 2, 3, stride: 2, padding: 1, bias: false);
        bn1 = BatchNorm2d(width / 2);
        conv2 = new Conv2d(width / 2, width / 2, 3, padding: 1, bias: false);
        bn2 = BatchNorm2d(width / 2);
        conv3 = new Conv2d(width / 2, width, 3, padding: 1, bias: false);
        bn3 = BatchNorm2d(width);
        layer1 = Stage(width, width, layers[0], 1);
        layer2 = Stage(width * 4, width * 2, layers[1], 2);
        layer3 = Stage(width * 8, width * 4, layers[2], 2);
        layer4 = Stage(width * 16, width * 8, layers[3], 2);
        attnpool = new AttentionPool2d(resolution / 32, width * 32, heads, embed);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) // [N, 3, H, W]
    {
        x = F.relu(bn1.call(conv1.call(x)));
        x = F.relu(bn2.call(conv2.call(x)));
        x = F.relu(bn3.call(conv3.call(x)));
        x = F.avg_pool2d(x, 2);                                                         // [N, width, H / 4, W / 4]
        x = layer4.call(layer3.call(layer2.call(layer1.call(x))));                      // [N, 32 width, H / 32, W / 32]
        return attnpool.call(x);                                                        // [N, embed]
    }

    private static Sequential Stage(long inplanes, long planes, int blocks, long stride) => Sequential(
        Enumerable.Range(0, blocks).Select(i => (i.ToString(System.Globalization.CultureInfo.InvariantCulture), (Module<Tensor, Tensor>)new Bottleneck(
            i == 0 ? inplanes : planes * Bottleneck.Expansion, planes, i == 0 ? stride : 1))).ToArray());
}
