using System.IO.Compression;
using System.Text;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client.Tests.Calls;

/// <summary>The file of an exported class set: what is in it, and what is refused.</summary>
public class ArchiveTests
{
    private static readonly byte[] Manifest = Encoding.UTF8.GetBytes("""{"classSetId":"pets"}""");

    [Fact]
    public async Task ItIsAZipOfManifestArraysAndSums()
    {
        var (_, file) = await Exported();
        using var zip = new ZipArchive(new MemoryStream(file));
        Assert.Equal(["manifest.json", "a/floats.npy", "keys.npy", "empty.npy", "SHA256SUMS"], zip.Entries.Select(e => e.FullName));
        using var reader = new StreamReader(zip.GetEntry("a/floats.npy")!.Open(), Encoding.Latin1);
        var npy = reader.ReadToEnd();
        Assert.StartsWith("\u0093NUMPY\u0001\0", npy);
        Assert.Contains("{'descr': '<f4', 'fortran_order': False, 'shape': (1500000, 2), }", npy);
        Assert.Equal(128 + 12_000_000, npy.Length);
        using var sums = new StreamReader(zip.GetEntry("SHA256SUMS")!.Open());
        Assert.Equal(4, (await sums.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        // The same content is the same file.
        Assert.Equal(file, (await Exported()).File);
    }

    [Fact]
    public async Task WhatWasExportedArrivesInStretches()
    {
        var (cluster, file) = await Exported();
        await using var client = cluster.Client();
        var reported = new List<double>();
        var version = await client.ImportClassSetAsync(new MemoryStream(file), operation: "op", progress: new Reporting(reported.Add));
        Assert.Equal(2, version.Version);
        Assert.Equal(cluster.Archive.Arrays["a/floats"], cluster.Archive.Incoming["a/floats"]);
        Assert.Equal(cluster.Archive.Arrays["keys"], cluster.Archive.Incoming["keys"]);
        Assert.Equal(1, reported[^1]);
        Assert.Equal(["op", "op"], cluster.Operations);
    }

    [Fact]
    public async Task AnImportThatItsNodeLostIsBegunAgainButNotForEver()
    {
        var (cluster, file) = await Exported();
        await using var client = cluster.Client();
        var losses = 1;
        cluster.Archive.OnWrite = () =>
        {
            if (losses-- > 0) throw new FewShotException(FewShotErrorCode.Conflict, "not under way");
        };
        Assert.Equal(2, (await client.ImportClassSetAsync(new MemoryStream(file), "copy")).Version);
        Assert.Equal(cluster.Archive.Arrays["keys"], cluster.Archive.Incoming["keys"]);
        losses = 100;
        var error = await Assert.ThrowsAsync<FewShotException>(() => client.ImportClassSetAsync(new MemoryStream(file), "copy"));
        Assert.Equal(FewShotErrorCode.Conflict, error.Code);
        Assert.Equal(97, losses);
    }

    [Fact]
    public async Task EveryTruncationIsRefused()
    {
        var (cluster, file) = await Exported(small: true);
        await using var client = cluster.Client();
        for (var length = 0; length < file.Length; length += Math.Max(1, file.Length / 97))
        {
            var error = await Assert.ThrowsAsync<FewShotException>(() => client.ImportClassSetAsync(new MemoryStream(file[..length])));
            Assert.Equal(FewShotErrorCode.InvalidArgument, error.Code);
        }
        Assert.Empty(cluster.Archive.Incoming);
    }

    [Fact]
    public async Task EveryChangedContentIsRefused()
    {
        var (cluster, file) = await Exported(small: true);
        await using var client = cluster.Client();
        foreach (var content in new[] { Manifest, cluster.Archive.Arrays["a/floats"], cluster.Archive.Arrays["keys"], Encoding.ASCII.GetBytes("NUMPY") })
        {
            var changed = (byte[])file.Clone();
            changed[file.AsSpan().IndexOf(content) + 2] ^= 1;
            var error = await Assert.ThrowsAsync<FewShotException>(() => client.ImportClassSetAsync(new MemoryStream(changed)));
            Assert.Equal(FewShotErrorCode.InvalidArgument, error.Code);
        }
        Assert.Empty(cluster.Archive.Incoming);
    }

    [Fact]
    public async Task AFileWithoutAnArrayOrWithAnotherShapeIsRefused()
    {
        var (cluster, file) = await Exported(small: true);
        await using var client = cluster.Client();
        foreach (var told in new ArchiveArray[] { new("more", "<f4", [1]), new("keys", "|u1", [3, 32]), new("keys", "|u1", [32, 2]) })
        {
            cluster.Archive.Told = new(1, Manifest, [told]);
            var error = await Assert.ThrowsAsync<FewShotException>(() => client.ImportClassSetAsync(new MemoryStream(file)));
            Assert.Equal(FewShotErrorCode.InvalidArgument, error.Code);
            Assert.Contains(told.Name, error.Message);
        }
        var gone = await Assert.ThrowsAsync<FewShotException>(() => client.ImportClassSetAsync(new NoSeek(file)));
        Assert.Equal(FewShotErrorCode.InvalidArgument, gone.Code);
    }

    private static async Task<(FakeCluster Cluster, byte[] File)> Exported(bool small = false)
    {
        var cluster = new FakeCluster();
        var rows = small ? 3 : 1_500_000;
        ArchiveArray[] arrays = [new("a/floats", "<f4", [rows, 2]), new("keys", "|u1", [2, 32]), new("empty", "<f4", [0, 4])];
        cluster.Archive.Told = new ClassSetArchive(1, Manifest, arrays);
        foreach (var array in arrays)
        {
            var bytes = new byte[array.Length];
            new Random(array.Shape[0]).NextBytes(bytes);
            cluster.Archive.Arrays[array.Name] = bytes;
        }
        await using var client = cluster.Client();
        using var file = new MemoryStream();
        await client.ExportClassSetAsync("pets", file);
        return (cluster, file.ToArray());
    }

    private sealed class Reporting(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }

    private sealed class NoSeek(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
