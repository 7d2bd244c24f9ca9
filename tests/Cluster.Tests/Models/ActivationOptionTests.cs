using FewShotCluster.Cluster.Tests.Processes;
using FewShotCluster.Silo.Commands.Models;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Models;

namespace FewShotCluster.Cluster.Tests.Models;

/// <summary>What CLIP weights were trained with, told or guessed.</summary>
public sealed class ActivationOptionTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("vit_b_32-laion2b_e16-af8dbd0c.pth", ClipActivation.Gelu)]
    [InlineData("CLIP-ViT-B-32-laion2B-s34B-b79K.safetensors", ClipActivation.Gelu)]
    [InlineData("vit_b_32-quickgelu-laion400m_e32-46683a32.pt", ClipActivation.QuickGelu)]
    [InlineData("ViT-B-32.pt", ClipActivation.QuickGelu)]
    [InlineData("clip-vit-mini.open_clip.safetensors", ClipActivation.QuickGelu)]
    public void ByTheFilesName(string name, ClipActivation activation) =>
        Assert.Equal(activation, ActivationOption.Of(folder.Write(name, "weights")));

    [Theory]
    [InlineData(ClipActivation.Gelu)]
    [InlineData(ClipActivation.QuickGelu)]
    [InlineData(null)]
    public void TheProofRunsTheModelAsItIsToBeServed(ClipActivation? activation)
    {
        var models = Programs.DemoModels();
        var used = ModelProof.Check(
            ModelKind.Clip, Path.Combine(models, "clip-vit.safetensors"), Path.Combine(models, "merges.txt"), null, activation);
        Assert.Equal(activation ?? ClipActivation.QuickGelu, used);
    }
}
