using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Silo.Commands.Encode;

/// <summary>An encoder's input of one file, or why there is none.</summary>
internal sealed record DecodedFile(string Name, float[]? Planes, FailedFile? Failed);

/// <summary>Decodes and preprocesses on the thread pool while the caller encodes; results come in the order of the files.</summary>
internal static class DecodeAhead
{
    /// <param name="files">Paths.</param>
    /// <param name="preprocessor">The encoder's.</param>
    /// <param name="ahead">How many files may be under way or waiting for the encoder.</param>
    /// <param name="cancellationToken">Ends the enumeration with <see cref="OperationCanceledException"/>.</param>
    public static IEnumerable<DecodedFile> Run(
        IReadOnlyList<string> files, ImagePreprocessor preprocessor, int ahead, CancellationToken cancellationToken)
    {
        var window = new Queue<Task<DecodedFile>>(ahead);
        foreach (var file in files)
        {
            if (window.Count == ahead) yield return window.Dequeue().GetAwaiter().GetResult();
            window.Enqueue(Task.Run(() => Decode(file, preprocessor), cancellationToken));
        }
        while (window.TryDequeue(out var decoded)) yield return decoded.GetAwaiter().GetResult();
    }

    private static DecodedFile Decode(string file, ImagePreprocessor preprocessor)
    {
        var name = Path.GetFileName(file);
        try
        {
            var planes = new float[preprocessor.Length];
            using var picture = ImageDecoder.Decode(InputFile.ReadImage(file));
            preprocessor.Write(picture, planes);
            return new DecodedFile(name, planes, null);
        }
        catch (ImageException e)
        {
            return new DecodedFile(name, null, new FailedFile(name, LocalVerb.Translate(e).Code.ToString(), e.Message));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new DecodedFile(name, null, new FailedFile(name, nameof(FewShotErrorCode.InvalidImage), e.Message));
        }
    }
}
