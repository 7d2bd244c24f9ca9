using FewShotCluster.Demo.World;
using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Models;
using FewShotCluster.Vision.Tokenization;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace FewShotCluster.Demo.Training;

/// <summary>Features of many pictures or names, batch by batch; the results belong to the caller's dispose scope.</summary>
internal static class FeatureReader
{
    private const int Batch = 64;

    /// <summary>[pictures, embed], unit length.</summary>
    public static Tensor Images(Clip clip, IEnumerable<byte[]> jpegs)
    {
        var preprocessor = new ClipPreprocessor(clip.Config.ImageResolution);
        return cat([.. jpegs.Chunk(Batch).Select(chunk =>
        {
            using var scope = NewDisposeScope();
            var size = clip.Config.ImageResolution;
            var values = new float[chunk.Length * preprocessor.Length];
            for (var i = 0; i < chunk.Length; i++)
                preprocessor.Write(ImageDecoder.Decode(chunk[i]), values.AsSpan(i * preprocessor.Length, preprocessor.Length));
            return F.normalize(clip.encode_image(tensor(values).view(chunk.Length, 3, size, size)), dim: -1).MoveToOuterDisposeScope();
        })]);
    }

    /// <summary>[names, embed], unit length: the templates' mean.</summary>
    public static Tensor Texts(Clip clip, ClipTokenizer tokenizer, IEnumerable<string> names, IReadOnlyList<string> templates)
    {
        using var scope = NewDisposeScope();
        var sum = templates
            .Select(template => tokenizer.Tokenize([.. names.Select(name => string.Format(null, template, name))], truncate: false))
            .Select(tokens => F.normalize(clip.encode_text(tensor(tokens).view(-1, tokenizer.ContextLength)), dim: -1))
            .Aggregate((left, right) => left + right);
        return F.normalize(sum, dim: -1).MoveToOuterDisposeScope();
    }

    /// <summary>[rows, width] after the refiner's last norm.</summary>
    public static Tensor Refiner(ConvNeXtV2 refiner, PixelStore pixels, WorldRandom? augmentation = null)
    {
        var batch = new PixelBatch(pixels, PixelNormalization.ImageNet, Batch);
        return cat([.. Enumerable.Range(0, pixels.Count).Chunk(Batch).Select(rows =>
        {
            using var scope = NewDisposeScope();
            return refiner.forward_features(batch.Build(rows, augmentation)).MoveToOuterDisposeScope();
        })]);
    }
}
