using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client.Archives;

/// <summary>A file that <see cref="ArchiveWriter"/> wrote, or that claims so: every entry is held against its checksum before it is used.</summary>
internal sealed class ArchiveFile : IDisposable
{
    private readonly ZipArchive zip;
    private readonly Dictionary<string, string> sums;

    private ArchiveFile(ZipArchive zip, Dictionary<string, string> sums, byte[] manifest) => (this.zip, this.sums, Manifest) = (zip, sums, manifest);

    public byte[] Manifest { get; }

    /// <summary>Id of the exported set.</summary>
    public string ClassSetId
    {
        get
        {
            using var document = Json();
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("classSetId", out var id) && id.ValueKind == JsonValueKind.String
                ? id.GetString()!
                : throw Invalid("its manifest names no class set");
        }
    }

    /// <summary>Opens a file and checks its manifest.</summary>
    /// <exception cref="FewShotException">InvalidArgument: no zip, truncated, or not an export.</exception>
    public static async Task<ArchiveFile> OpenAsync(Stream source, CancellationToken cancellationToken)
    {
        if (!source.CanSeek) throw Invalid("its stream cannot be read twice: give a file, or copy it to memory");
        return await Guarded(async () =>
        {
            var zip = new ZipArchive(source, ZipArchiveMode.Read, leaveOpen: true);
            try
            {
                var sums = Parse(await SmallAsync(zip, ArchiveWriter.Sums, cancellationToken));
                var manifest = await SmallAsync(zip, ArchiveWriter.Manifest, cancellationToken);
                Check(sums, ArchiveWriter.Manifest, SHA256.HashData(manifest));
                return new ArchiveFile(zip, sums, manifest);
            }
            catch
            {
                zip.Dispose();
                throw;
            }
        });
    }

    /// <summary>Checks that the arrays are there, of their size and unchanged.</summary>
    /// <exception cref="FewShotException">InvalidArgument, naming the array.</exception>
    public Task CheckAsync(IReadOnlyList<ArchiveArray> arrays, CancellationToken cancellationToken) => Guarded(async () =>
    {
        var buffer = new byte[1 << 16];
        foreach (var array in arrays)
        {
            await using var stream = Open(array);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0) hash.AppendData(buffer.AsSpan(0, read));
            Check(sums, array.Name + ".npy", hash.GetHashAndReset());
        }
        return true;
    });

    /// <summary>Reads an array's numbers in stretches.</summary>
    /// <param name="array">The array.</param>
    /// <param name="take">Gets offset and bytes.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public Task ReadAsync(ArchiveArray array, Func<long, byte[], Task> take, CancellationToken cancellationToken) => Guarded(async () =>
    {
        await using var stream = Open(array);
        await NpyHeader.SkipAsync(stream, array, cancellationToken);
        for (var offset = 0L; offset < array.Length;)
        {
            var bytes = new byte[(int)Math.Min(PayloadLimits.MaxArchiveChunkBytes, array.Length - offset)];
            await stream.ReadExactlyAsync(bytes, cancellationToken);
            await take(offset, bytes);
            offset += bytes.Length;
        }
        return true;
    });

    public void Dispose() => zip.Dispose();

    private Stream Open(ArchiveArray array)
    {
        var entry = zip.GetEntry(array.Name + ".npy") ?? throw Invalid($"it has no {array.Name}.npy, which its manifest calls for");
        var expected = NpyHeader.Of(array).Length + array.Length;
        // The size that the zip claims, before anything is unpacked.
        if (entry.Length != expected) throw Invalid($"{entry.FullName} has {entry.Length} bytes, its manifest calls for {expected}");
        return entry.Open();
    }

    private JsonDocument Json()
    {
        try
        {
            return JsonDocument.Parse(Manifest);
        }
        catch (JsonException e)
        {
            throw Invalid($"its manifest is no JSON: {e.Message}");
        }
    }

    private static Dictionary<string, string> Parse(byte[] text)
    {
        var sums = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in Encoding.UTF8.GetString(text).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = line.Split("  ", 2);
            if (parts.Length == 2) sums[parts[1]] = parts[0];
        }
        return sums;
    }

    private static void Check(Dictionary<string, string> sums, string name, byte[] hash)
    {
        if (!sums.TryGetValue(name, out var sum)) throw Invalid($"{ArchiveWriter.Sums} has no line for {name}");
        if (sum != Convert.ToHexStringLower(hash)) throw Invalid($"{name} was changed or damaged: its SHA-256 is not the one in {ArchiveWriter.Sums}");
    }

    private static async Task<byte[]> SmallAsync(ZipArchive zip, string name, CancellationToken cancellationToken)
    {
        var entry = zip.GetEntry(name) ?? throw Invalid($"it has no {name}");
        if (entry.Length > PayloadLimits.MaxPayloadBytes)
            throw new FewShotException(
                FewShotErrorCode.LimitExceeded, $"{name} has {entry.Length} bytes, one call carries {PayloadLimits.MaxPayloadBytes}");
        await using var stream = entry.Open();
        var bytes = new byte[entry.Length];
        await stream.ReadExactlyAsync(bytes, cancellationToken);
        return bytes;
    }

    private static async Task<T> Guarded<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or NotSupportedException)
        {
            throw new FewShotException(
                FewShotErrorCode.InvalidArgument, $"the file is no exported class set, or is damaged: {e.Message}", inner: e);
        }
    }

    private static FewShotException Invalid(string reason) => new(FewShotErrorCode.InvalidArgument, $"the file is no exported class set: {reason}");
}
