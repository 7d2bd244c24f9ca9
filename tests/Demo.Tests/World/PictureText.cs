using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FewShotCluster.Demo.World;

namespace FewShotCluster.Demo.Tests.World;

/// <summary>A picture's commands as text, numbers to a hundredth, so that the drawing can be frozen without freezing any pixel.</summary>
internal static class PictureText
{
    public static string Digest(IEnumerable<Picture> pictures) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(pictures.Select(Of)))));

    public static string Of(Picture picture)
    {
        var text = new StringBuilder();
        Line("backdrop", picture.Backdrop.Cells, string.Join(' ', picture.Backdrop.Colors));
        Line("texture", picture.Texture.GetType().Name, picture.Texture.Main, picture.Texture.Second, Weave(picture.Texture));
        foreach (var command in picture.Commands)
            Line(
                command.GetType().Name, command.Color?.ToString() ?? "textured", (command as StrokeLine)?.Width ?? 0.0,
                string.Join(' ', command.Points.Select(point => $"{Format((double)point.X)},{Format((double)point.Y)}")));
        var finish = picture.Finish;
        Line(
            "finish", finish.BlurRadius, finish.Brightness, finish.SlopeX, finish.SlopeY, finish.TintRed, finish.TintBlue,
            finish.NoiseDeviation, finish.NoiseSeed, finish.JpegQuality);
        return text.ToString();

        void Line(params object[] parts) => text.AppendJoin(' ', parts.Select(Format)).Append('\n');
    }

    private static string Weave(Texture texture) => texture switch
    {
        StripedTexture striped => Format(striped.Weave),
        CheckedTexture checkered => Format(checkered.Weave),
        SpottedTexture spotted => Format(spotted.Weave),
        PatchedTexture patched => string.Join(
            ' ', patched.Patches.Select(patch => $"{Format(patch.X)},{Format(patch.Y)},{Format(patch.Radius)}")),
        _ => "",
    };

    private static string Format(Weave weave) =>
        $"{Format(weave.Angle)} {Format(weave.Width)} {Format(weave.PhaseU)} {Format(weave.PhaseV)}";

    private static string Format(object part) =>
        part is double number ? number.ToString("F2", CultureInfo.InvariantCulture) : Convert.ToString(part, CultureInfo.InvariantCulture)!;
}
