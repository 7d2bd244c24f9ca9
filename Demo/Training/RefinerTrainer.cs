using FewShotCluster.Demo.World;
using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Models;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace FewShotCluster.Demo.Training;

/// <summary>
/// Trains the refiner's backbone to read eight attributes of dogs, mean cross-entropy of the heads. Runs on the calling thread, which
/// should be one of its own, with one torch thread.
/// </summary>
internal sealed class RefinerTrainer(
    RefinerPictures pictures, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
{
    private const int ReportEvery = 100;

    public ConvNeXtV2 Train(Schedule schedule, WorldRandom random)
    {
        var model = ModelShapes.Refiner();
        Initialization.ConvNeXt(model, random);
        var batches = new PixelBatch(pictures.Pixels, PixelNormalization.ImageNet, schedule.Batch);
        var rows = new RowSampler(pictures.Pixels.Count, schedule.Batch, random);
        using var optimization = Optimization.ForRefiner(schedule, model);
        model.train();
        for (var step = 0; step < schedule.Steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var picked = rows.Next();
            var loss = Loss(model.call(batches.Build(picked, random)), Attributes(picked));
            optimization.Step(step, loss);
            if (step % ReportEvery == 0 || step + 1 == schedule.Steps)
                progress?.Report(new TrainingProgress("refiner", step + 1, schedule.Steps, loss.item<float>()));
        }
        model.eval();
        return model;
    }

    private static Tensor Loss(Tensor logits, Tensor attributes)
    {
        var heads = logits.split([.. DogAttributes.HeadSizes.Select(size => (long)size)], 1);
        return stack(heads.Select((head, i) => F.cross_entropy(head, attributes.select(1, i)))).mean();
    }

    private Tensor Attributes(ReadOnlySpan<int> picked)
    {
        var values = new List<long>();
        foreach (var row in picked)
            values.AddRange(pictures.Attributes[row]);
        return tensor(values.ToArray()).view(picked.Length, DogAttributes.HeadSizes.Count);
    }
}
