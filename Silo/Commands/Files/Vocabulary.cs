using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Vision.Tokenization;

namespace FewShotCluster.Silo.Commands.Files;

/// <summary>Tokenizers from a merges file.</summary>
internal static class Vocabulary
{
    /// <summary>For a model, which knows how many tokens it has.</summary>
    public static ClipTokenizer Load(string path, int tokens, int contextLength) =>
        Usable(path, () => ClipTokenizer.Load(path, tokens, contextLength));

    /// <summary>Without a model: all merges of the file, but no more than OpenAI's models use of theirs.</summary>
    public static ClipTokenizer LoadWhole(string path) =>
        Usable(path, () => ClipTokenizer.LoadWhole(path));

    private static T Usable<T>(string path, Func<T> load)
    {
        try
        {
            return load();
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FewShotException(FewShotErrorCode.ModelUnavailable, $"{path}: not a usable BPE vocabulary: {e.Message}", inner: e);
        }
    }
}
