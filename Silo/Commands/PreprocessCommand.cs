using System.CommandLine;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Numerics;

namespace FewShotCluster.Silo.Commands;

/// <summary><c>fewshotd preprocess</c>: the pixels that an encoder sees of a picture, before normalisation.</summary>
internal static class PreprocessCommand
{
    private const int ClipSize = 224, LargestSize = 4096;

    public static Command Create()
    {
        var input = new Option<string>("--input") { Description = "The picture.", Required = true };
        var output = new Option<string>("--out") { Description = "A .npy file, uint8 [3,H,W].", Required = true };
        var mode = new Option<string>("--mode")
        {
            Description = "clip: short side and central square, bicubic; refiner: squash, bilinear.",
            DefaultValueFactory = _ => "clip",
        };
        mode.AcceptOnlyFromAmong("clip", "refiner");
        var size = NumberOption.Optional(
            "--size", $"Side in pixels; {ClipSize} for clip, {RefinerEncoder.DefaultResolution} for refiner.", 1, LargestSize);
        var exif = new Option<string>("--exif")
        {
            Description = "Whether a camera's orientation note turns the picture; CLIP's own preprocessing ignores it.",
            DefaultValueFactory = _ => "ignore",
        };
        exif.AcceptOnlyFromAmong("ignore", "apply");
        var command = new Command("preprocess", "Writes the pixels that an encoder sees of a picture.") { input, output, mode, size, exif };
        command.SetAction((parsed, token) =>
        {
            ImagePreprocessor preprocessor = parsed.GetValue(mode) == "refiner"
                ? new RefinerPreprocessor(parsed.GetValue(size) ?? RefinerEncoder.DefaultResolution)
                : new ClipPreprocessor(parsed.GetValue(size) ?? ClipSize);
            var orientation = parsed.GetValue(exif) == "apply" ? ExifOrientation.Apply : ExifOrientation.Ignore;
            return RunAsync(parsed.GetValue(input)!, parsed.GetValue(output)!, preprocessor, orientation, token);
        });
        return command;
    }

    private static Task<int> RunAsync(
        string input, string output, ImagePreprocessor preprocessor, ExifOrientation orientation, CancellationToken cancellationToken) =>
        LocalVerb.RunAsync(null, (_, _) =>
        {
            OutputFile.Check("--out", output);
            var image = ImageDecoder.Decode(InputFile.Reading(input, () => InputFile.ReadImage(input)), orientation: orientation);
            OutputFile.Write(output, NpyArray.From(preprocessor.ToPlanes(image), 3, preprocessor.Size, preprocessor.Size));
            return 0;
        }, cancellationToken);
}
