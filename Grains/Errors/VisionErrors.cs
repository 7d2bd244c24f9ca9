using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Vision.Adaptation;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Tokenization;

namespace FewShotCluster.Grains.Errors;

/// <summary>The one place where failures of the numeric library become typed failures of the service.</summary>
public static class VisionErrors
{
    /// <param name="exception">What was thrown.</param>
    /// <param name="otherwise">The code of a failure that the library has no type for.</param>
    public static Exception Translate(Exception exception, FewShotErrorCode otherwise)
    {
        return exception switch
        {
            FewShotException or OperationCanceledException => exception,
            InvalidImageException => Typed(FewShotErrorCode.InvalidImage),
            ImageTooLargeException => Typed(FewShotErrorCode.ImageTooLarge),
            TextTooLongException or AdaptationException => Typed(FewShotErrorCode.InvalidArgument),
            DeviceException => Typed(FewShotErrorCode.DeviceUnavailable),
            CheckpointException or FileNotFoundException or DirectoryNotFoundException => Typed(FewShotErrorCode.ModelUnavailable),
            _ => new FewShotException(otherwise, $"{exception.GetType().Name}: {exception.Message}", inner: exception),
        };

        FewShotException Typed(FewShotErrorCode code) => new(code, exception.Message, inner: exception);
    }
}
