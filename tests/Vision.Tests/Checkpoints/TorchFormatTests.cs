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
}
