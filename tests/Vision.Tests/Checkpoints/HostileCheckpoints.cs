using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Models;

namespace FewShotCluster.Vision.Tests.Checkpoints;

/// <summary>Files made to harm: each is refused with a reason, and no code in them runs.</summary>
public class HostileCheckpoints
{
    public static TheoryData<string> Refused => new(
        "pickle-os-system.pt", "zip-os-system.pt", "zip-eval.pt", "zip-unknown-global.pt", "truncated-half.pt", "bad-crc.pt",
        "short-storage.pt",
        "missing-storage.pt", "offset-outside-storage.pt", "zip-bomb.pt", "empty.pt", "text.pt", "pickle-deep.pt", "pickle-long.pt",
        "offset-out-of-range.safetensors", "offset-reversed.safetensors", "offset-overlap.safetensors", "offset-hole.safetensors",
        "shape-negative.safetensors", "shape-overflow.safetensors", "shape-mismatch.safetensors", "dtype-unknown.safetensors",
        "duplicate-key.safetensors", "header-not-json.safetensors", "header-too-long.safetensors");

    [Theory]
    [MemberData(nameof(Refused))]
    public void Is_refused_and_runs_nothing(string file)
    {
        var path = ReferenceData.Reference("models", "hostile", file);
        Assert.Throws<CheckpointException>(() => ReadAll(path));
        Assert.False(File.Exists("EVIL_CHECKPOINT_RAN"), "the file ran code");
    }

    [Fact]
    public void A_git_lfs_pointer_is_called_one()
    {
        var error = Assert.Throws<CheckpointException>(() => ReadAll(ReferenceData.Reference("models", "hostile", "text.pt")));
        Assert.Contains("Git LFS pointer", error.Message);
    }

    [Fact]
    public void An_entry_that_climbs_out_of_the_archive_is_ignored()
    {
        var path = ReferenceData.Reference("models", "hostile", "zip-path-traversal.pt");
        ReadAll(path);
        foreach (var start in new[] { Path.GetDirectoryName(path)!, Directory.GetCurrentDirectory() })
            Assert.False(File.Exists(Path.Combine(start, "..", "..", "evil.txt")), "an entry was written to disk");
    }

    [Fact]
    public void Values_that_are_not_finite_are_readable_as_such()
    {
        using var checkpoint = Checkpoint.Open(ReferenceData.Reference("models", "hostile", "nan.safetensors"));
        using var values = checkpoint.Read("w.nan");
        Assert.Contains(values.data<float>().ToArray(), v => !float.IsFinite(v));
    }

    [Theory]
    [InlineData("pickle-long.pt")]
    [InlineData("header-too-long.safetensors")]
    [InlineData("shape-overflow.safetensors")]
    [InlineData("offset-out-of-range.safetensors")]
    [InlineData("pickle-deep.pt")]
    [InlineData("zip-bomb.pt")]
    public void A_claimed_size_is_refused_before_it_is_allocated(string file)
    {
        const int Fixed = 128 << 10; // buffers of streams, the exception and its message
        var path = ReferenceData.Reference("models", "hostile", file);
        Assert.Throws<CheckpointException>(() => ReadAll(path)); // code is compiled
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<CheckpointException>(() => ReadAll(path));
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange(allocated, 0, Fixed + 2 * new FileInfo(path).Length);
    }

    [Fact]
    public void A_strided_view_is_legal()
    {
        using var checkpoint = Checkpoint.Open(ReferenceData.Reference("models", "hostile", "strided-view.ok.pt"));
        using var w = checkpoint.Read("w");
        Assert.Equal([1f, 2f, 4f, 5f], w.data<float>().ToArray());
    }

    [Theory]
    [InlineData("missing-key.safetensors", "stages.2.1.grn.beta")]
    [InlineData("wrong-shape.pt", "head.weight")]
    public void A_key_that_does_not_fit_is_named(string file, string key)
    {
        using var checkpoint = Checkpoint.Open(ReferenceData.Reference("models", "hostile", file));
        var error = Assert.Throws<CheckpointException>(() => ConvNeXtV2.Load(checkpoint));
        Assert.Contains(key, error.Message);
        if (file == "wrong-shape.pt") Assert.True(error.Message.Contains("[10,95]") && error.Message.Contains("[10,96]"), error.Message);
    }

    private static void ReadAll(string path)
    {
        using var checkpoint = Checkpoint.Open(path);
        foreach (var name in checkpoint.Tensors.Keys) checkpoint.Read(name).Dispose();
    }
}
