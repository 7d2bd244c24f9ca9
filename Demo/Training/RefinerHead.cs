using FewShotCluster.Demo.World;
using FewShotCluster.Vision.Models;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace FewShotCluster.Demo.Training;

/// <summary>
/// A linear head on the frozen refiner from a few shots: plain view and seven augmented ones, features standardised, AdamW with cosine
/// decay, label smoothing. Tells how good the backbone is; its tensors belong to the caller's dispose scope.
/// </summary>
internal sealed record RefinerHead(Tensor Mean, Tensor Deviation, Tensor Weight, Tensor Bias)
{
    private const int Views = 8;
    private const int Steps = 400;
    private const double LearningRate = 1e-2;

    /// <param name="refiner">The frozen backbone.</param>
    /// <param name="shots">N pictures.</param>
    /// <param name="labels">[N] int64.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="random">For the augmented views.</param>
    public static RefinerHead Train(ConvNeXtV2 refiner, PixelStore shots, Tensor labels, int classes, WorldRandom random)
    {
        var features = cat([.. Enumerable.Range(0, Views).Select(
            view => FeatureReader.Refiner(refiner, shots, augmentation: view == 0 ? null : random))]);
        var targets = labels.repeat(Views);
        var weight = nn.Parameter(zeros(classes, features.shape[1]));
        var bias = nn.Parameter(zeros(classes));
        var head = new RefinerHead(features.mean([0]), features.std(0) + 1e-5, weight, bias);

        using var _ = enable_grad();
        using var optimizer = new AdamW([weight, bias], beta1: .9, beta2: .999, epsilon: 1e-8, weightDecay: 1e-2);
        for (var step = 0; step < Steps; step++)
        {
            using var scope = NewDisposeScope();
            F.cross_entropy(head.Logits(features), targets, label_smoothing: .05).backward();
            optimizer.Step(LearningRate * (.5 + .5 * Math.Cos(Math.PI * step / Steps)));
        }
        return head;
    }

    public Tensor Logits(Tensor features) => F.linear((features - Mean) / Deviation, Weight, Bias);
}
