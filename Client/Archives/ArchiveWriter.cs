using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Client.Archives;

/// <summary>
/// Writes an exported class set: a zip of <c>manifest.json</c>, one <c>.npy</c> an array, and <c>SHA256SUMS</c> over all of them, which
/// <c>sha256sum -c</c> checks after unpacking.
/// </summary>
internal sealed class ArchiveWriter(Stream destination)
{
    public const string Manifest = "manifest.json";
    public const string Sums = "SHA256SUMS";

    // A file of equal content is the same file.
    private static readonly DateTimeOffset Epoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly StringBuilder sums = new();

    /// <param name="archive">What is exported.</param>
    /// <param name="read">Gives a stretch of an array: name, offset, count.</param>
    /// <param name="progress">Told the share that is done.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    public async Task WriteAsync(
        ClassSetArchive archive, Func<string, long, int, Task<byte[]>> read, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        using var zip = new ZipArchive(destination, ZipArchiveMode.Create, leaveOpen: true);
        await AddAsync(zip, Manifest, Single(archive.Manifest), cancellationToken);
        var (total, done) = (archive.Arrays.Sum(array => array.Length), 0L);
        foreach (var array in archive.Arrays) await AddAsync(zip, array.Name + ".npy", ArrayAsync(array), cancellationToken);
        var entry = zip.CreateEntry(Sums, CompressionLevel.NoCompression);
        entry.LastWriteTime = Epoch;
        await using var stream = entry.Open();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(sums.ToString()), cancellationToken);

        async IAsyncEnumerable<byte[]> ArrayAsync(ArchiveArray array)
        {
            yield return NpyHeader.Of(array);
            for (var offset = 0L; offset < array.Length;)
            {
                var bytes = await read(array.Name, offset, (int)Math.Min(PayloadLimits.MaxArchiveChunkBytes, array.Length - offset));
                yield return bytes;
                offset += bytes.Length;
                done += bytes.Length;
                progress?.Report((double)done / total);
            }
        }

        static async IAsyncEnumerable<byte[]> Single(byte[] bytes)
        {
            yield return await Task.FromResult(bytes);
        }
    }

    private async Task AddAsync(ZipArchive zip, string name, IAsyncEnumerable<byte[]> content, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // Features and weights do not compress.
        var entry = zip.CreateEntry(name, CompressionLevel.NoCompression);
        entry.LastWriteTime = Epoch;
        await using var stream = entry.Open();
        await foreach (var bytes in content.WithCancellation(cancellationToken))
        {
            hash.AppendData(bytes);
            await stream.WriteAsync(bytes, cancellationToken);
        }
        sums.Append(Convert.ToHexStringLower(hash.GetHashAndReset())).Append("  ").Append(name).Append('\n');
    }
}
