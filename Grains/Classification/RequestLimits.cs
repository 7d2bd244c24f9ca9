using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Errors;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Grains.Classification;

/// <summary>What is refused before any call is made: sizes from the image's header, numbers out of range.</summary>
internal sealed class RequestLimits(FewShotNodeOptions options)
{
    private const int MaxTop = 1000;

    public void Check(ClassifyRequest request)
    {
        if (string.IsNullOrWhiteSpace(request.ClassSetId)) throw Invalid("the class set's id is empty");
        if (request.ClassSetId.Length > options.MaxNameLength)
            throw Invalid($"a class set's id has at most {options.MaxNameLength} characters");
        if (request.Top is < 1 or > MaxTop) throw Invalid($"top must lie between 1 and {MaxTop}, not {request.Top}");
        if (request.MinimumVersion < 0) throw Invalid($"the minimum version must be at least 0, not {request.MinimumVersion}");
        if (!Enum.IsDefined(request.Explain)) throw Invalid($"there is no explain mode {request.Explain}");
        if (request.Deadline is { } deadline && deadline <= TimeSpan.Zero)
            throw new FewShotException(
                FewShotErrorCode.DeadlineExceeded, "the deadline had passed when the request arrived: give it more time");
        CheckImage(request.Image);
    }

    private void CheckImage(byte[] image)
    {
        if (image.Length > options.Images.MaxBytes) throw TooLarge($"{image.Length} bytes, at most {options.Images.MaxBytes} are accepted");
        ImageHeader header;
        try
        {
            header = ImageHeader.Read(image);
        }
        catch (InvalidImageException e)
        {
            throw VisionErrors.Translate(e, FewShotErrorCode.InvalidImage);
        }
        if ((long)header.Width * header.Height > options.Images.MaxPixels)
            throw TooLarge($"{header.Width} x {header.Height} pixels, at most {options.Images.MaxPixels} pixels are accepted");
    }

    private static FewShotException Invalid(string message) => new(FewShotErrorCode.InvalidArgument, message);

    private static FewShotException TooLarge(string message) => new(FewShotErrorCode.ImageTooLarge, $"image of {message}: make it smaller");
}
