using FewShotCluster.Vision.Models;

namespace FewShotCluster.Bench.Encoders;

/// <summary>
/// The products with weights that a network consists of, as its authors' code has them. Without attention's own products and depthwise
/// convolutions, which are a few per cent of the operations.
/// </summary>
internal static class NetworkProducts
{
    public static IReadOnlyList<MatrixProduct> Image(ClipConfig config, int batch) =>
        config.VisionPatchSize is { } patch ? ViT(config, patch, batch) : ResNet(config, batch);

    /// <param name="config">The model.</param>
    /// <param name="batch">Texts.</param>
    /// <param name="length">Positions that are computed of each.</param>
    public static IReadOnlyList<MatrixProduct> Text(ClipConfig config, int batch, int length) =>
    [
        .. Blocks((long)batch * length, config.TextWidth, config.TextLayers),
        new(batch, config.EmbedDim, config.TextWidth),
    ];

    public static IReadOnlyList<MatrixProduct> ConvNeXt(ConvNeXtV2 model, int resolution, int batch)
    {
        var products = new List<MatrixProduct>();
        var side = resolution / 4L;
        for (var stage = 0; stage < 4; stage++)
        {
            if (stage > 0) side /= 2;
            var (pixels, width) = (batch * side * side, (long)model.Dims[stage]);
            products.Add(new(pixels, width, stage == 0 ? 3 * 4 * 4 : model.Dims[stage - 1] * 2 * 2));
            products.Add(new(pixels, 4 * width, width, model.Depths[stage]));
            products.Add(new(pixels, width, 4 * width, model.Depths[stage]));
        }
        products.Add(new(batch, model.NumClasses, model.Dims[3]));
        return products;
    }

    private static IReadOnlyList<MatrixProduct> ViT(ClipConfig config, int patch, int batch)
    {
        var (grid, width) = ((long)config.ImageResolution / patch, (long)config.VisionWidth);
        return
        [
            new(batch * grid * grid, width, 3L * patch * patch),
            .. Blocks(batch * (grid * grid + 1), width, config.VisionLayers[0]),
            new(batch, config.EmbedDim, width),
        ];
    }

    private static IEnumerable<MatrixProduct> Blocks(long rows, long width, int layers) =>
    [
        new(rows, 3 * width, width, layers), new(rows, width, width, layers), new(rows, 4 * width, width, layers),
        new(rows, width, 4 * width, layers),
    ];

    private static IReadOnlyList<MatrixProduct> ResNet(ClipConfig config, int batch)
    {
        var (side, width) = (config.ImageResolution / 2L, (long)config.VisionWidth);
        var products = new List<MatrixProduct>
        {
            new(batch * side * side, width / 2, 3 * 9), new(batch * side * side, width / 2, width / 2 * 9),
            new(batch * side * side, width, width / 2 * 9),
        };
        side /= 2;
        var inner = width;
        for (var stage = 0; stage < 4; stage++)
        {
            var planes = width << stage;
            for (var block = 0; block < config.VisionLayers[stage]; block++)
            {
                var before = batch * side * side;
                if (stage > 0 && block == 0) side /= 2;
                var after = batch * side * side; // the average pool stands in front of the third convolution
                products.Add(new(before, planes, inner));
                products.Add(new(before, planes, planes * 9));
                products.Add(new(after, planes * 4, planes));
                if (block == 0) products.Add(new(after, planes * 4, inner));
                inner = planes * 4;
            }
        }
        var positions = batch * (side * side + 1);
        products.AddRange([new(batch, inner, inner), new(positions, inner, inner, 2), new(batch, config.EmbedDim, inner)]);
        return products;
    }
}
