using FewShotCluster.Vision.Numerics;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace FewShotCluster.Demo.Training;

/// <summary>CLIP's symmetric cross-entropy; equal captions of a batch share the target, since no picture tells them apart.</summary>
internal static class ContrastiveLoss
{
    private static readonly double MaxLogitScale = Math.Log(100);

    /// <param name="images">[N, embed], unit length.</param>
    /// <param name="captions">[M, embed], unit length, each caption once.</param>
    /// <param name="captionOf">[N] int64, the caption of each image.</param>
    /// <param name="logitScale">Logarithm of the factor on cosines.</param>
    public static Tensor Of(Tensor images, Tensor captions, Tensor captionOf, Tensor logitScale)
    {
        var logits = logitScale.AtMost(MaxLogitScale).exp() * images.matmul(captions.index_select(0, captionOf).t()); // [N, N]
        var same = captionOf.unsqueeze(1).eq(captionOf.unsqueeze(0)).to_type(ScalarType.Float32);
        var targets = same / same.sum(1, keepdim: true);
        var byImage = (targets * F.log_softmax(logits, 1)).sum(1).mean();
        var byCaption = (targets * F.log_softmax(logits.t(), 1)).sum(1).mean();
        return byImage.Plus(byCaption).Times(-.5);
    }
}
