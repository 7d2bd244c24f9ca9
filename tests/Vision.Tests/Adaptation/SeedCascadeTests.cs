using System.Text.Json;
using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Adaptation;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Models;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Tests.Adaptation;

/// <summary>The seed's whole run, from stored features, shots and first biases to the lines of its result file.</summary>
public class SeedCascadeTests
{
    private const int Top = 5;

    [Fact]
    public void From_features_to_the_lines_of_result_txt()
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var document = JsonDocument.Parse(File.ReadAllText(Stored("cascade.json")));
        var cascade = document.RootElement;
        var (familyAt, unseenAt) = (cascade.GetProperty("family_at").GetInt32(), cascade.GetProperty("unseen_at").GetInt32());
        string[] files = Strings(cascade, "files"), refinerFiles = Strings(cascade, "refiner_files");

        var inmap = InmapScores("vit").mul(0.5) + InmapScores("rn").mul(0.5);
        TestSupport.Golden.Close(Stored("fused.inmap.npy"), inmap, 1e-4);
        var probe = ProbeLogits("vit").mul(0.6) + ProbeLogits("rn").mul(0.4);
        TestSupport.Golden.Close(Stored("fused.lp.npy"), probe, 5e-3);
        var refiner = RefinerLogits();
        TestSupport.Golden.Close(Stored("refiner.logits.npy"), refiner, 1e-4);

        var lines = files.Select((file, i) => $"{file} {string.Join(' ', Classes(file, i))}");
        Assert.Equal(File.ReadLines(Stored("result.txt")), lines);

        IEnumerable<long> Classes(string file, int i)
        {
            var unseen = Best(inmap[i]);
            if (unseen[0] >= unseenAt) return unseen;
            var seen = Best(probe[i]);
            return seen[0] < familyAt ? seen : Best(refiner[Array.IndexOf(refinerFiles, file)]).Select(c => c + familyAt);
        }
    }

    private static Tensor InmapScores(string encoder)
    {
        var features = TestSupport.Golden.Load(Stored(encoder + ".features_l2.npy"));
        using var fit = SeedInmapFit.Fit(features, TestSupport.Golden.Load(Stored(encoder + ".text_all_l2.npy")).t());
        TestSupport.Golden.Close(Stored(encoder + ".inmap.W1.npy"), fit.First.Proxies, 1e-4);
        TestSupport.Golden.Close(Stored(encoder + ".inmap.W2.npy"), fit.Second.Proxies, 1e-4);
        return Scores.Proxies(features, fit.Second.Proxies);
    }

    private static Tensor ProbeLogits(string encoder)
    {
        var shots = new LabelledFeatures(
            TestSupport.Golden.Load(Stored(encoder + ".lp.train_features.npy")), TestSupport.Golden.Load(Stored("lp.train_labels.npy")));
        var text = TestSupport.Golden.Load(Stored(encoder + ".text_seen_l2.npy")).t();
        var bias = TestSupport.Golden.Load(Stored(encoder + ".lp.bias0.npy"));
        using var fit = LpPlusPlusFit.Fit(shots, text, LpPlusPlusOptions.Seed with { Epochs = 50 }, initialBias: bias);
        return Scores.Probe(TestSupport.Golden.Load(Stored(encoder + ".features_l2.npy")), text, fit.Weights);
    }

    private static Tensor RefinerLogits()
    {
        using var checkpoint = Checkpoint.Open(ReferenceData.Reference("models", "convnextv2-tiny.pt"));
        using var model = ConvNeXtV2.Load(checkpoint);
        var normalization = new RefinerPreprocessor(96).Normalization;
        var pixels = TestSupport.Golden.Load(Stored("refiner.u8_96.npy")).to(ScalarType.Float32).div(255);
        Tensor Channels(IEnumerable<float> values) => tensor(values.ToArray()).view(1, 3, 1, 1);
        return model.call((pixels - Channels(normalization.Mean)) / Channels(normalization.StandardDeviation));
    }

    private static long[] Best(Tensor scores) => scores.topk(Top).indexes.data<long>().ToArray();

    private static string[] Strings(JsonElement cascade, string name) => [.. cascade.GetProperty(name).EnumerateArray().Select(v => v.GetString()!)];

    private static string Stored(string file) => ReferenceData.Reference("end-to-end", file);
}
