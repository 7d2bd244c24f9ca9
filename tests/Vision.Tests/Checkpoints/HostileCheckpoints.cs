using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Models;

namespace FewShotCluster.Vision.Tests.Checkpoints;

/// <summary>Files made to harm: each is refused with a reason, and no code in them runs.</summary>
public class HostileCheckpoints
{
    public static TheoryData<string> Refused => new(
        "pickle-os-system.pt", "zip-os-system.pt", "zip-eval.pt", "zip-unknown-global.pt", "truncated-half.pt", "bad-crc.pt", "short-storage.pt",
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
    }

    private static void ReadAll(string path)
    {
        using var checkpoint = Checkpoint.Open(path);
        foreach (var name in checkpoint.Tensors.Keys) checkpoint.Read(name).Dispose();
    }
}
