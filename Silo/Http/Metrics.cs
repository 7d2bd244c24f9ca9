using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;

namespace FewShotCluster.Silo.Http;

/// <summary>The meters behind <c>/metrics</c>.</summary>
internal static class Metrics
{
    private const string OwnMeter = "FewShotCluster";

    // OpenTelemetry's default bounds suit milliseconds; ours are seconds, from a cache hit to a long fit.
    private static readonly double[] Seconds =
        [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

    private static readonly double[] Items = [1, 2, 4, 8, 16, 32, 64, 128, 256];

    public static void AddFewShotMetrics(this IServiceCollection services) => services.AddOpenTelemetry().WithMetrics(metrics => metrics
        .AddMeter(OwnMeter, "Microsoft.Orleans")
        .AddRuntimeInstrumentation()
        .AddAspNetCoreInstrumentation()
        .AddView(instrument => instrument.Meter.Name != OwnMeter || instrument is not (Histogram<int> or Histogram<double>) ? null : instrument.Unit switch
        {
            "s" => new ExplicitBucketHistogramConfiguration { Boundaries = Seconds },
            "{item}" => new ExplicitBucketHistogramConfiguration { Boundaries = Items },
            _ => null,
        })
        .AddPrometheusExporter());
}
