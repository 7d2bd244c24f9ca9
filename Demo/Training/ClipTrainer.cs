using FewShotCluster.Demo.World;
using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Models;
using FewShotCluster.Vision.Numerics;
using FewShotCluster.Vision.Tokenization;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace FewShotCluster.Demo.Training;

/// <summary>
/// Trains the demo's two CLIPs on drawn pictures and captions written anew at each step. Runs on the calling thread, which should be
/// one of its own, with one torch thread.
/// </summary>
internal sealed class ClipTrainer(
    ClipPictures pictures, ClipTokenizer tokenizer, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
{
    private const int ReportEvery = 25;

    /// <summary>Both towers from nothing.</summary>
    public Clip TrainResNet(Schedule schedule, WorldRandom random)
    {
        var model = ModelShapes.ResNet(tokenizer.VocabularySize);
        Initialization.Clip(model, random);
        Train("ResNet", model, pictures.ResNet, schedule, random);
        return model;
    }

    /// <summary>
    /// A ViT under the teacher's text tower, which stays as it is (locked-text tuning), drawn towards the teacher's image features. From
    /// nothing a ViT learns next to nothing from so few pictures.
    /// </summary>
    public Clip TrainViT(Schedule schedule, Clip teacher, double distillation, WorldRandom random)
    {
        var model = ModelShapes.ViT(tokenizer.VocabularySize);
        Initialization.Clip(model, random);
        LockText(model, teacher);
        teacher.eval();
        Train("ViT", model, pictures.ViT, schedule, random, (batch, features) =>
            (features * TeacherFeatures(teacher, batch)).sum(1).mean().Times(-distillation).Plus(distillation));
        return model;
    }

    private static void LockText(Clip model, Clip teacher)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var source = teacher.state_dict();
        foreach (var (name, parameter) in model.named_parameters())
        {
            if (name.StartsWith("visual.", StringComparison.Ordinal))
                continue;
            parameter.copy_(source[name]);
            if (name != "logit_scale")
                parameter.requires_grad = false;
        }
    }

    /// <summary>The teacher sees the very same pixels, enlarged.</summary>
    private static Tensor TeacherFeatures(Clip teacher, Tensor batch)
    {
        using var _ = no_grad();
        long[] size = [ModelShapes.ResNetInput, ModelShapes.ResNetInput];
        var enlarged = F.interpolate(batch, size, mode: InterpolationMode.Bilinear, align_corners: false);
        return F.normalize(teacher.encode_image(enlarged), dim: -1);
    }

    private void Train(
        string stage, Clip model, PixelStore pixels, Schedule schedule, WorldRandom random, Func<Tensor, Tensor, Tensor>? distance = null)
    {
        var batches = new PixelBatch(pixels, PixelNormalization.Clip, schedule.Batch);
        var rows = new RowSampler(pixels.Count, schedule.Batch, random);
        using var optimization = Optimization.ForClip(schedule, model);
        model.train();
        for (var step = 0; step < schedule.Steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var picked = rows.Next();
            var (captions, captionOf) = Captioned(picked, random);
            var batch = batches.Build(picked, random);
            var images = F.normalize(model.encode_image(batch), dim: -1);
            var texts = F.normalize(model.encode_text(captions), dim: -1);
            var loss = ContrastiveLoss.Of(images, texts, captionOf, model.LogitScale);
            if (distance is not null)
                loss += distance(batch, images);
            optimization.Step(step, loss);
            if (step % ReportEvery == 0 || step + 1 == schedule.Steps)
                progress?.Report(new TrainingProgress(stage, step + 1, schedule.Steps, loss.item<float>()));
        }
        model.eval();
    }

    /// <summary>A new caption for each picture: the distinct ones as tokens [M, context], and each picture's one [N].</summary>
    private (Tensor Captions, Tensor CaptionOf) Captioned(ReadOnlySpan<int> picked, WorldRandom random)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var captionOf = new long[picked.Length];
        for (var i = 0; i < picked.Length; i++)
        {
            var caption = Captions.Write(pictures.Facts[picked[i]], random);
            if (!numbers.TryGetValue(caption, out var number))
                numbers.Add(caption, number = numbers.Count);
            captionOf[i] = number;
        }
        var tokens = tokenizer.Tokenize([.. numbers.Keys], truncate: false);
        return (tensor(tokens).view(numbers.Count, tokenizer.ContextLength), tensor(captionOf));
    }
}
