using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Silo.Commands.Downloads;

/// <summary>
/// A download under way: the bytes so far in <c>TARGET.part</c> and, in <c>TARGET.part.tag</c>, which version of the source they are of.
/// A later attempt or process goes on with them.
/// </summary>
internal sealed class PartialFile(string target)
{
    public string Path { get; } = target + ".part";

    public long Length => File.Exists(Path) ? new FileInfo(Path).Length : 0;

    /// <summary>The source's strong ETag or date of change; null: not known, so that the bytes cannot be gone on with.</summary>
    public string? Version => File.Exists(TagPath) && File.ReadAllText(TagPath) is { Length: > 0 } version ? version : null;

    private string TagPath => Path + ".tag";

    public FileStream Continue() => Writing(() => new FileStream(Path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0));

    /// <summary>Begins anew with the source's present version.</summary>
    public FileStream Restart(string? version)
    {
        // The old bytes go before the new version is noted: they must never be taken for its.
        Writing(() => File.WriteAllBytes(Path, []));
        Writing(() => File.WriteAllText(TagPath, version));
        return Continue();
    }

    /// <summary>Runs what writes to the disk.</summary>
    /// <exception cref="FewShotException">StorageUnavailable: no space left, or no right to write.</exception>
    public void Writing(Action write) => Writing<object?>(() =>
    {
        write();
        return null;
    });

    /// <summary>Gives the complete file its name, in one step.</summary>
    public void Keep()
    {
        File.Move(Path, target, overwrite: true);
        File.Delete(TagPath);
    }

    public void Delete()
    {
        File.Delete(Path);
        File.Delete(TagPath);
    }

    private T Writing<T>(Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FewShotException(
                FewShotErrorCode.StorageUnavailable, $"{Path}: {e.Message}; make room there or choose another folder", inner: e);
        }
    }
}
