using System.Text.Json.Nodes;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Tests.Fakes;

namespace FewShotCluster.Grains.Tests.ClassSets;

public sealed class ArchiveTests
{
    private sealed record Exported(byte[] Manifest, Dictionary<string, byte[]> Arrays);

    [Fact]
    public async Task An_imported_set_is_the_exported_one()
    {
        await using var cluster = await ToyCluster.Start();
        await ToySets.Fitted(cluster);
        for (var i = 0; i < 8; i++)
            foreach (var colour in new[] { "red", "yellow", "blue", "green" }) await cluster.Classify(ToyImages.Of(colour, 100 + i));
        Assert.Equal(FitState.Published, (await cluster.Fit(FitKind.Proxies)).State);
        await cluster.Set().AddClasses([new("cyan", 77, null, "a prompt")], "add", default);
        await cluster.Set().RemoveClasses(["green"], "remove", default);
        var file = await Export(cluster);

        // On another cluster, with another id.
        await using var other = await ToyCluster.Start();
        var imported = await Import(other, file, "copy");
        Assert.Equal(1, imported.Version);
        var one = await new SnapshotFollower(cluster.Set()).Whole();
        var two = await new SnapshotFollower(other.Set("copy")).Whole();
        SnapshotFollower.AssertSame(one with { ClassSetId = "copy", Version = 1 }, two);
        Assert.Equal(await cluster.Set().ListShots(), await other.Set("copy").ListShots());
        Assert.StartsWith("imported from version 6 of 'colours'", (await other.Set("copy").GetHistory())[0].Operation);
        // It lives on: the removed id stays retired, the shots can be fitted and removed.
        await Expect.Error(FewShotErrorCode.Conflict, () => other.Set("copy").AddClasses([new("magenta", 3)], "m", default));
        await other.Set("copy").RemoveShots(ShotSelection.OfKeys(ToySets.Key("red", 1)), "shot", default);
        await other.Set("copy").StartFit(FitKind.Shots);
        FitStatus fit;
        do fit = await other.Set("copy").WaitForFit(FitKind.Shots, default);
        while (fit.State.IsPending());
        Assert.StartsWith("GDA of 5 shots in 3 classes; refiner of 3 shots", fit.Reason);
        // The export of the copy is the same file but for who it is.
        var again = await Export(cluster);
        Assert.Equal(file.Manifest, again.Manifest);
        Assert.All(file.Arrays, array => Assert.Equal(array.Value, again.Arrays[array.Key]));
    }

    [Fact]
    public async Task An_import_is_done_once_and_not_over_a_set_that_is_there()
    {
        await using var cluster = await ToyCluster.Start();
        await ToySets.Fitted(cluster);
        var file = await Export(cluster);
        var first = await Import(cluster, file, "copy", "op");
        Assert.Equal(first, await Import(cluster, file, "copy", "op"));
        await Expect.Error(FewShotErrorCode.Conflict, () => Import(cluster, file, "copy", "other"));
        await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set("copy").AddClasses([new("x")], "op", default));
        Assert.Equal(1, (await cluster.Set("copy").Describe()).Version);
        // What nobody began cannot be ended.
        await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set("new").EndImport("never", default));
        await cluster.Set("new").BeginImport(file.Manifest, "a", default);
        var incomplete = await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Set("new").EndImport("a", default));
        Assert.Contains("bytes have come", incomplete.Message);
        await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set("new").WriteArray("b", "shots/keys", 0, [1]));
        await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set("new").WriteArray("a", "shots/keys", 5, [1]));
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Set("new").WriteArray("a", "shots/keys", 0, new byte[1000]));
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Set("new").WriteArray("a", "nothing", 0, [1]));
    }

    [Fact]
    public async Task A_cluster_with_other_encoders_says_so()
    {
        await using var cluster = await ToyCluster.Start();
        await ToySets.Fitted(cluster);
        var file = await Export(cluster);
        await using var other = await ToyCluster.Start(models: _ => new ToyModels { Encoder = new("toy", "another-digest") });
        var failure = await Expect.Error(FewShotErrorCode.ModelUnavailable, () => Import(other, file, "copy"));
        Assert.Contains("digest-of-to", failure.Message);
        Assert.Contains("another-dige", failure.Message);
    }

    [Theory]
    [InlineData("format", "\"zip\"", FewShotErrorCode.InvalidArgument)]
    [InlineData("formatVersion", "2", FewShotErrorCode.InvalidArgument)]
    [InlineData("classes", "[]", FewShotErrorCode.InvalidArgument)]
    [InlineData("classes", "null", FewShotErrorCode.InvalidArgument)]
    [InlineData("encoders", "[]", FewShotErrorCode.InvalidArgument)]
    [InlineData("unknown", "1", FewShotErrorCode.InvalidArgument)]
    [InlineData("retiredIds", "[0]", FewShotErrorCode.Conflict)]
    [InlineData("shots", "[{\"count\":2000000000,\"viewClasses\":[],\"viewsPerShot\":0}]", FewShotErrorCode.LimitExceeded)]
    [InlineData("shots", "[{\"count\":6,\"viewClasses\":[0,0,1,1,2],\"viewsPerShot\":2}]", FewShotErrorCode.InvalidArgument)]
    [InlineData("refinerBackbone", "null", FewShotErrorCode.InvalidArgument)]
    [InlineData("encoders.0.probeClasses", "[0,1,9]", FewShotErrorCode.InvalidArgument)]
    [InlineData("encoders.0.probeClasses", "[0,1,1]", FewShotErrorCode.InvalidArgument)]
    [InlineData("encoders.0.proxyShare", "-1", FewShotErrorCode.InvalidArgument)]
    [InlineData("encoders.0.info.dimension", "5", FewShotErrorCode.ModelUnavailable)]
    [InlineData("policy.promptTemplates", "[]", FewShotErrorCode.InvalidArgument)]
    public async Task A_manifest_that_makes_no_sense_is_refused(string path, string value, FewShotErrorCode code)
    {
        await using var cluster = await ToyCluster.Start();
        await ToySets.Fitted(cluster);
        var file = await Export(cluster);
        var manifest = JsonNode.Parse(file.Manifest)!;
        var steps = path.Split('.');
        var node = manifest;
        foreach (var step in steps[..^1]) node = int.TryParse(step, out var index) ? node[index]! : node[step]!;
        node[steps[^1]] = JsonNode.Parse(value);
        await Expect.Error(code, () => Import(cluster, file with { Manifest = System.Text.Encoding.UTF8.GetBytes(manifest.ToJsonString()) }, "copy"));
        await Expect.Error(FewShotErrorCode.ClassSetNotFound, () => cluster.Set("copy").Describe());
    }

    [Theory]
    [InlineData("encoders/0/text-proxies", 0x7F)]
    [InlineData("shots/features-0", 0xFF)]
    [InlineData("shots/classes", 0x7F)]
    public async Task Arrays_that_make_no_sense_are_refused(string name, byte fill)
    {
        await using var cluster = await ToyCluster.Start();
        await ToySets.Fitted(cluster);
        var file = await Export(cluster);
        Array.Fill(file.Arrays[name], fill);
        if (name.EndsWith("text-proxies", StringComparison.Ordinal)) new byte[] { 0, 0, 0x80, 0x7F }.CopyTo(file.Arrays[name], 0);
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => Import(cluster, file, "copy"));
    }

    [Fact]
    public async Task Limits_hold_for_imports_too()
    {
        await using var cluster = await ToyCluster.Start();
        await ToySets.Fitted(cluster);
        var file = await Export(cluster);
        await using var small = await ToyCluster.Start(configure: options => options.MaxImportBytes = 100);
        Assert.Contains("MaxImportBytes", (await Expect.Error(FewShotErrorCode.LimitExceeded, () => Import(small, file, "copy"))).Message);
        await using var few = await ToyCluster.Start(configure: options => options.MaxClasses = 3);
        Assert.Contains("MaxClasses", (await Expect.Error(FewShotErrorCode.LimitExceeded, () => Import(few, file, "copy"))).Message);
    }

    [Fact]
    public async Task An_export_goes_on_while_the_set_is_written_to_and_ends_typed_when_its_version_is_given_up()
    {
        await using var cluster = await ToyCluster.Start(configure: options => options.KeptVersions = 2);
        await ToySets.Fitted(cluster);
        var whole = await Export(cluster);
        var archive = await cluster.Set().Export();
        await cluster.Set().RemoveClasses(["red"], "remove", default);
        foreach (var array in archive.Arrays)
            Assert.Equal(whole.Arrays[array.Name], await cluster.Set().ReadArray(archive.Version, array.Name, 0, (int)array.Length, default));
        await cluster.Set().RemoveClasses(["blue"], "more", default);
        await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set().ReadArray(archive.Version, "shots/keys", 0, 1, default));
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Set().ReadArray(archive.Version + 2, "nothing", 0, 1, default));
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Set().ReadArray(archive.Version + 2, "shots/keys", 0, 1 << 20, default));
    }

    // In stretches that end in the middle of rows, batches and blocks.
    private const int Chunk = 37;

    private static async Task<Exported> Export(ToyCluster cluster)
    {
        var archive = await cluster.Set().Export();
        var arrays = new Dictionary<string, byte[]>();
        foreach (var array in archive.Arrays)
        {
            var bytes = new List<byte>();
            while (bytes.Count < array.Length)
            {
                var count = (int)Math.Min(Chunk, array.Length - bytes.Count);
                bytes.AddRange(await cluster.Set().ReadArray(archive.Version, array.Name, bytes.Count, count, default));
            }
            arrays[array.Name] = [.. bytes];
        }
        return new Exported(archive.Manifest, arrays);
    }

    private static async Task<ClassSetVersion> Import(ToyCluster cluster, Exported file, string id, string operation = "import")
    {
        var set = cluster.Set(id);
        foreach (var array in await set.BeginImport(file.Manifest, operation, default))
        {
            var bytes = file.Arrays.GetValueOrDefault(array.Name, new byte[array.Length]);
            for (var offset = 0; offset < bytes.Length; offset += Chunk)
            {
                var stretch = bytes[offset..Math.Min(bytes.Length, offset + Chunk)];
                await set.WriteArray(operation, array.Name, offset, stretch);
                // The answer was lost.
                if (offset == 0) await set.WriteArray(operation, array.Name, offset, stretch);
            }
        }
        return await set.EndImport(operation, default);
    }
}
