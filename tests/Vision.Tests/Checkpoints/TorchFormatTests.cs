using System.Text;
using FewShotCluster.Bench.Robustness;
using FewShotCluster.Vision.Checkpoints;

namespace FewShotCluster.Vision.Tests.Checkpoints;

/// <summary>Both torch formats, from files made here.</summary>
public sealed class TorchFormatTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("fewshot-torch-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_state_dict_is_read(bool stream)
    {
        var path = Path.Combine(folder, "w.pt");
        if (stream) TorchFiles.WriteStream(path, TorchFiles.Sample);
        else TorchFiles.WriteZip(path, TorchFiles.Sample, ("archive/byteorder", "little"u8.ToArray()));
        using var checkpoint = Checkpoint.Open(path);
        Assert.Equal(TorchFiles.Sample.Keys.Order(), checkpoint.Tensors.Keys.Order());
        foreach (var (name, (values, shape)) in TorchFiles.Sample)
        {
            using var tensor = checkpoint.Read(name);
            Assert.Equal(shape.Select(n => (long)n), tensor.shape);
            Assert.Equal(values, tensor.data<float>().ToArray());
        }
    }

    [Theory]
    [InlineData("archive/data/0", "two records")]
    [InlineData("archive/data.pkl", "two records")]
    [InlineData("other/data.pkl", "2 data.pkl")]
    [InlineData("archive/byteorder", "little-endian")]
    public void An_ambiguous_or_foreign_archive_is_refused(string extra, string reason)
    {
        var path = Path.Combine(folder, "w.pt");
        TorchFiles.WriteZip(path, TorchFiles.Sample, (extra, "big"u8.ToArray()));
        Assert.Contains(reason, Assert.Throws<CheckpointException>(() => Checkpoint.Open(path)).Message);
    }

    [Fact]
    public void A_directory_with_64_bit_numbers_is_read()
    {
        var path = Path.Combine(folder, "w.pt");
        TorchFiles.WriteZip(path, TorchFiles.Sample);
        const int end = 22;
        var file = File.ReadAllBytes(path);
        var (body, last) = (file[..^end], file[^end..]);
        var (count, size, start) = (BitConverter.ToUInt16(last, 10), BitConverter.ToUInt32(last, 12), BitConverter.ToUInt32(last, 16));
        byte[] numbers = [.. new long[] { count, size, start }.SelectMany(BitConverter.GetBytes)];
        byte[] end64 = [.. "PK\u0006\u0006"u8, .. new byte[28], .. numbers];
        byte[] locator = [.. "PK\u0006\u0007"u8, 0, 0, 0, 0, .. BitConverter.GetBytes((long)body.Length), 1, 0, 0, 0];
        last.AsSpan(10, 10).Fill(0xFF);
        File.WriteAllBytes(path, [.. body, .. end64, .. locator, .. last]);
        using var checkpoint = Checkpoint.Open(path);
        using var scale = checkpoint.Read("scale");
        Assert.Equal(9, scale.item<float>());
    }

    [Fact]
    public void Tensors_that_share_a_storage_are_read_and_its_damage_is_told_by_each()
    {
        var path = Path.Combine(folder, "w.pt");
        TorchFiles.WriteRepeated(path, elements: 4096, times: 2);
        using (var checkpoint = Checkpoint.Open(path))
            foreach (var name in new[] { "t0", "t1" })
            {
                using var tensor = checkpoint.Read(name);
                Assert.Equal(new float[4096], tensor.data<float>().ToArray());
            }
        var file = File.ReadAllBytes(path);
        file[file.Length / 2] ^= 1; // inside the storage, which is nearly all of the file
        File.WriteAllBytes(path, file);
        using var damaged = Checkpoint.Open(path);
        foreach (var name in new[] { "t0", "t1" })
            Assert.Contains("checksum", Assert.Throws<CheckpointException>(() => damaged.Read(name)).Message);
    }

    [Theory]
    [InlineData("zip directory")]
    [InlineData("pickle")]
    [InlineData("strings")]
    [InlineData("header numbers")]
    [InlineData("header entries")]
    public void What_a_large_file_describes_takes_less_than_twice_its_size(string kind)
    {
        var path = Path.Combine(folder, "w.pt");
        switch (kind)
        {
            case "zip directory":
                TorchFiles.WriteArchive(path, [.. Enumerable.Range(0, 60_000).Select(i => ($"{i}", Array.Empty<byte>()))]);
                break;
            case "pickle":
                TorchFiles.WriteArchive(path, ("a/data.pkl", [.. Enumerable.Repeat((byte)'}', 10_000_000)]));
                break;
            case "strings":
                byte[] text = [(byte)'X', .. BitConverter.GetBytes(900_000), .. new byte[900_000]];
                TorchFiles.WriteArchive(path, ("a/data.pkl", [.. Enumerable.Repeat(text, 12).SelectMany(t => t)]));
                break;
            case "header numbers":
                WriteHeader(path, $"{{\"a\":{{\"shape\":[{string.Join(',', Enumerable.Repeat(1, 5_000_000))}]}}}}");
                break;
            default:
                var entries = Enumerable.Range(0, 150_000).Select(i => $$"""
                    "{{i}}":{"dtype":"U8","shape":[],"data_offsets":[0,0]}
                    """);
                WriteHeader(path, $"{{{string.Join(',', entries)}}}");
                break;
        }
        Assert.Throws<CheckpointException>(() => Checkpoint.Open(path)); // code is compiled
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<CheckpointException>(() => Checkpoint.Open(path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 * new FileInfo(path).Length + (8 << 20));
    }

    [Fact]
    public void An_entry_outside_the_archive_is_ignored_and_nothing_is_written()
    {
        var path = Path.Combine(folder, "w.pt");
        TorchFiles.WriteZip(path, TorchFiles.Sample, ("../evil.txt", "evil"u8.ToArray()));
        using (var checkpoint = Checkpoint.Open(path)) Assert.Equal(3, checkpoint.Tensors.Count);
        Assert.Equal([path], Directory.GetFiles(folder));
        Assert.False(File.Exists(Path.Combine(folder, "..", "evil.txt")));
    }

    [Fact]
    public void A_pickle_of_endless_objects_is_refused()
    {
        var path = Path.Combine(folder, "w.pt");
        TorchFiles.WriteArchive(path, ("archive/data.pkl", [0x80, 2, .. Enumerable.Repeat((byte)'}', 400_000), (byte)'.']));
        Assert.Contains("describes more", Assert.Throws<CheckpointException>(() => Checkpoint.Open(path)).Message);
    }

    [Fact]
    public void A_storage_repeated_into_a_large_model_is_refused()
    {
        var path = Path.Combine(folder, "w.pt");
        TorchFiles.WriteRepeated(path, elements: 4096, times: 8);
        Assert.Contains("bytes in a file of", Assert.Throws<CheckpointException>(() => Checkpoint.Open(path)).Message);
    }

    [Fact]
    public void Shared_objects_that_make_an_endless_walk_are_refused()
    {
        // Each of 40 module objects holds the next one twice: 2^40 paths to the one tensor-less leaf.
        var pickle = new List<byte> { 0x80, 2 };
        void Object() => pickle.AddRange([.. "c__torch__\nM\n)"u8, 0x81]);
        Object();
        pickle.AddRange([.. "}b"u8, (byte)'q', 0]);
        for (byte i = 0; i < 40; i++)
        {
            Object();
            pickle.AddRange([.. "}("u8, (byte)'K', 1, (byte)'h', i, (byte)'K', 2, (byte)'h', i, .. "ub"u8, (byte)'q', (byte)(i + 1)]);
        }
        pickle.Add((byte)'.');
        var path = Path.Combine(folder, "w.pt");
        TorchFiles.WriteArchive(path, ("archive/data.pkl", [.. pickle]));
        Assert.Contains("entries", Assert.Throws<CheckpointException>(() => Checkpoint.Open(path)).Message);
    }

    private static void WriteHeader(string path, string json) =>
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((long)json.Length), .. Encoding.ASCII.GetBytes(json)]);
}
