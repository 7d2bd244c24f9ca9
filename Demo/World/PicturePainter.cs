using System.Numerics;
using SkiaSharp;

namespace FewShotCluster.Demo.World;

/// <summary>Paints a composed picture with Skia, antialiased, and encodes it as JPEG.</summary>
public static class PicturePainter
{
    private static readonly SKImageInfo Format = new(Picture.Side, Picture.Side, SKColorType.Rgba8888, SKAlphaType.Opaque);

    public static byte[] Paint(Picture picture)
    {
        using var bitmap = new SKBitmap(Format);
        using (var canvas = new SKCanvas(bitmap))
        {
            PaintBackdrop(canvas, picture.Backdrop);
            PaintShapes(canvas, picture);
        }
        PixelFinish.Apply(bitmap.GetPixelSpan(), picture.Finish);
        using var pixels = bitmap.PeekPixels();
        var options = new SKJpegEncoderOptions(
            picture.Finish.JpegQuality, SKJpegEncoderDownsample.Downsample420, SKJpegEncoderAlphaOption.Ignore);
        using var jpeg = pixels.Encode(options) ?? throw new InvalidOperationException("Skia refused to encode a picture as JPEG");
        return jpeg.ToArray();
    }

    private static void PaintBackdrop(SKCanvas canvas, Backdrop backdrop)
    {
        using var grid = new SKBitmap(new SKImageInfo(backdrop.Cells, backdrop.Cells, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (var i = 0; i < backdrop.Colors.Count; i++)
            grid.SetPixel(i % backdrop.Cells, i / backdrop.Cells, Color(backdrop.Colors[i]));
        using var image = SKImage.FromBitmap(grid);
        canvas.DrawImage(image, new SKRect(0, 0, Picture.Side, Picture.Side), new SKSamplingOptions(SKFilterMode.Linear));
    }

    private static void PaintShapes(SKCanvas canvas, Picture picture)
    {
        using var cloth = Weave(picture.Texture);
        using var texture = SKShader.CreateBitmap(cloth, SKShaderTileMode.Clamp, SKShaderTileMode.Clamp);
        using var paint = new SKPaint { IsAntialias = true, StrokeCap = SKStrokeCap.Round, StrokeJoin = SKStrokeJoin.Round };
        using var path = new SKPath();
        foreach (var command in picture.Commands)
        {
            paint.Shader = command.Color is null ? texture : null;
            paint.Color = Color(command.Color ?? Rgb.Black);
            paint.IsStroke = command is StrokeLine;
            paint.StrokeWidth = (float)(command is StrokeLine line ? line.Width : 0);
            Trace(path, command.Points, close: command is FillPolygon);
            canvas.DrawPath(path, paint);
        }
    }

    private static void Trace(SKPath path, IReadOnlyList<Vector2> points, bool close)
    {
        path.Reset();
        path.MoveTo(points[0].X, points[0].Y);
        for (var i = 1; i < points.Count; i++)
            path.LineTo(points[i].X, points[i].Y);
        if (close)
            path.Close();
    }

    /// <summary>The texture over the whole picture, four samples a pixel.</summary>
    private static SKBitmap Weave(Texture texture)
    {
        const int samples = 2;
        var cloth = new SKBitmap(Format);
        var pixels = cloth.GetPixelSpan();
        for (var y = 0; y < Picture.Side; y++)
            for (var x = 0; x < Picture.Side; x++)
            {
                var second = 0;
                for (var sample = 0; sample < samples * samples; sample++)
                    if (texture.ShowsSecond(x + (sample % samples + .5) / samples, y + (sample / samples + .5) / samples))
                        second++;
                var color = texture.Main.Mix(texture.Second, (double)second / (samples * samples));
                var at = 4 * (y * Picture.Side + x);
                (pixels[at], pixels[at + 1], pixels[at + 2], pixels[at + 3]) = (color.R, color.G, color.B, 255);
            }
        return cloth;
    }

    private static SKColor Color(Rgb color) => new(color.R, color.G, color.B);
}
