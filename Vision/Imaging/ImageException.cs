namespace FewShotCluster.Vision.Imaging;

/// <summary>An image was refused; the message says why and is fit for the caller who sent it.</summary>
public abstract class ImageException : Exception
{
    private protected ImageException(string message, Exception? inner = null) : base(message, inner)
    {
    }
}

/// <summary>The bytes are no image, of an unsupported kind, damaged or cut short.</summary>
public sealed class InvalidImageException : ImageException
{
    /// <summary>Creates the exception from what is wrong and where.</summary>
    public InvalidImageException(string message, Exception? inner = null) : base(message, inner)
    {
    }
}

/// <summary>The image exceeds <see cref="ImageLimits"/>; it was not decoded.</summary>
public sealed class ImageTooLargeException : ImageException
{
    /// <summary>Creates the exception from what is too large and the limit.</summary>
    public ImageTooLargeException(string message) : base(message)
    {
    }
}
