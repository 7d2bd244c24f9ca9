using FewShotCluster.Cluster.Tests.Processes;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Silo.Commands.Downloads;
using FewShotCluster.Silo.Commands.Models;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Models;

namespace FewShotCluster.Cluster.Tests.Models;

/// <summary>From a publisher's files to a folder that can be served, with the demo's models in the place of published ones.</summary>
public sealed class ModelPullTests : IAsyncDisposable
{
    private static readonly string Demo = Programs.DemoModels();
    private static readonly PublishedModel Merges = Published("merges", null, "merges.txt");
    private static readonly PublishedModel Vit = Published("vit", ModelKind.Clip, "clip-vit.safetensors") with
    {
        Activation = ClipActivation.Gelu,
    };
    private static readonly PublishedModel Rn = Published("rn", ModelKind.Clip, "clip-rn.safetensors");
    private static readonly PublishedModel Dogs = Published("dogs", ModelKind.ConvNeXt, "refiner.safetensors") with
    {
        Sha256 = null,
        Resolution = 64,
    };
    private readonly TemporaryFolder folder = new();
    private readonly FileServer server = new();
    private readonly HttpClient http = new();

    public ModelPullTests()
    {
        foreach (var model in new[] { Merges, Vit, Rn, Dogs })
            server.Files["/offered/" + model.File] = File.ReadAllBytes(Path.Combine(Demo, model.File));
    }

    private string Folder => folder["models"];

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await server.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public void ModelsShareTheirVocabularyAndAreThereAfterwards()
    {
        var (entry, wasThere) = Pull(Vit);
        Assert.False(wasThere);
        Assert.Equal(
            new ModelEntry("vit", ModelKind.Clip, "clip-vit.safetensors", "merges.txt", Vit.Sha256, null, "free", ClipActivation.Gelu),
            entry);
        Pull(Rn);
        Pull(Dogs);
        string[] requests =
        [
            "GET /mirror/offered/merges.txt", "GET /mirror/offered/clip-vit.safetensors", "GET /mirror/offered/clip-rn.safetensors",
            "GET /mirror/offered/refiner.safetensors",
        ];
        Assert.Equal(requests, server.Requests);

        foreach (var model in new[] { Vit, Rn, Dogs }) Assert.True(Pull(model).WasThere);
        Assert.Equal(requests, server.Requests);
        var manifest = ModelManifest.Load(Folder);
        Assert.Equal(["vit", "rn", "dogs"], manifest.Models.Select(m => m.Name));
        Assert.All(manifest.Models, model => Assert.Equal(model.Sha256, manifest.VerifyWeights(model)));
        Assert.Equal((ClipActivation.Gelu, (int?)64), (manifest.Models[0].Activation, manifest.Models[2].Resolution));
        Assert.DoesNotContain(Directory.GetFiles(Folder), path => path.Contains(".part", StringComparison.Ordinal));
    }

    [Fact]
    public void ACorruptFileIsRefusedWithBothDigestsAndDeleted()
    {
        server.Faults.Enqueue(Fault.None);
        server.Faults.Enqueue(Fault.Corrupt);
        var error = Assert.Throws<FewShotException>(() => Pull(Vit));
        Assert.Equal(FewShotErrorCode.ModelUnavailable, error.Code);
        Assert.Matches($"SHA-256 [0-9a-f]{{64}}, published is {Vit.Sha256}", error.Message);
        Assert.Equal(["merges.txt"], Files());
        Assert.False(Pull(Vit).WasThere);
    }

    [Fact]
    public void AFileWithoutDigestIsTakenInOnlyIfItWorks()
    {
        server.Files["/offered/refiner.safetensors"] = "<html>Please sign in</html>"u8.ToArray();
        Assert.Throws<CheckpointException>(() => Pull(Dogs));
        Assert.Empty(Files());
    }

    [Fact]
    public void ADamagedModelIsFetchedAgain()
    {
        Pull(Dogs);
        var weights = Path.Combine(Folder, "refiner.safetensors");
        File.WriteAllText(weights, "damaged");
        Assert.False(Pull(Dogs).WasThere);
        Assert.Single(ModelManifest.Load(Folder).Models);
        File.Delete(weights);
        // What came the first time is what is expected from now on.
        server.Files["/offered/refiner.safetensors"][^1] ^= 1;
        Assert.Contains("corrupt", Assert.Throws<FewShotException>(() => Pull(Dogs)).Message);
        Assert.False(File.Exists(weights));
    }

    [Fact]
    public void OtherPeoplesFilesAreLeftAlone()
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, "clip-vit.safetensors"), "mine");
        Assert.Equal(FewShotErrorCode.Conflict, Assert.Throws<FewShotException>(() => Pull(Vit)).Code);
        Assert.Equal("mine", File.ReadAllText(Path.Combine(Folder, "clip-vit.safetensors")));

        Pull(Rn);
        Assert.Equal(FewShotErrorCode.Conflict, Assert.Throws<FewShotException>(() => Pull(Vit with { Name = "rn" })).Code);
    }

    [Fact]
    public void AFileDownloadedByHandIsNotDownloadedAgain()
    {
        Directory.CreateDirectory(Folder);
        foreach (var model in new[] { Merges, Vit }) File.Copy(Path.Combine(Demo, model.File), Path.Combine(Folder, model.File));
        Assert.False(Pull(Vit).WasThere);
        Assert.Empty(server.Requests);
        Assert.Equal(Vit.Sha256, Assert.Single(ModelManifest.Load(Folder).Models).Sha256);
    }

    private static PublishedModel Published(string name, ModelKind? kind, string file) => new(
        name, kind, file, new Uri("https://publisher.invalid/offered/" + file), FileDigest.Sha256(Path.Combine(Demo, file)), null, "free",
        "somebody", kind == ModelKind.Clip ? ClipActivation.QuickGelu : null);

    private (ModelEntry Entry, bool WasThere) Pull(PublishedModel model)
    {
        using var target = ModelsFolder.Open(Folder);
        var download = new FileDownload(http, DownloadLimits.Default with { Retries = 0 }, TimeProvider.System);
        return new ModelPull(target, download, new Uri(server.Url + "/mirror/")).Run(
            model, model.Kind == ModelKind.Clip ? Merges : null, (_, _) => { }, CancellationToken.None);
    }

    // All but the lock's.
    private IEnumerable<string?> Files() => Directory.GetFiles(Folder).Select(Path.GetFileName).Where(name => name![0] != '.');
}
