using FewShotCluster.Bench.Serving;
using FewShotCluster.TestSupport;

namespace FewShotCluster.Bench.Tests.Serving;

public class ServingWhileFittingTests
{
    [Fact]
    public async Task MeasuresCallersWithAndWithoutAFit()
    {
        var models = Path.Combine(ReferenceData.RepositoryRoot, "models", "demo");
        Assert.SkipUnless(File.Exists(Path.Combine(models, "manifest.json")), $"the demo's models are not there yet: {models}");
        var options = new ServingWhileFitting.Options(models, TimeSpan.FromSeconds(0.5), 1) { Images = 300, Dimension = 16, Classes = 10, Threads = 1 };
        var figures = (await new ServingWhileFitting(options, (_, _) => { }).RunAsync(CancellationToken.None)).ToDictionary(f => f.Name);
        foreach (var turn in new[] { "without-fit", "with-fit" })
            Assert.InRange(figures[$"serving/{turn}/p50"].Value, 0.01, figures[$"serving/{turn}/p99"].Value);
        Assert.Equal(figures["serving/without-fit/p99"].Value / figures["serving/with-fit/p99"].Value, figures["serving/with-fit/p99"].Ratio!.Value, 1e-9);
        Assert.True(figures["serving/fits"].Value >= 1);
        Assert.True(figures["serving/slice"].Value > 0);
    }
}
