using FewShotCluster.Bench.Processes;

namespace FewShotCluster.Bench.Tests.Processes;

public class NodeMetricsTests
{
    private const string Text = """
        # TYPE fewshot_queue_length gauge
        # HELP fewshot_queue_length Items admitted and not yet in a batch.
        fewshot_queue_length{device="node-a/cpu:0"} 3 1700000000000
        fewshot_queue_length{device="node-a/cpu:1"} 0 1700000000000
        fewshot_requests_active 2
        fewshot_requests_total{outcome="ok",stage="Text"} 12 1700000000000
        fewshot_requests_total{outcome="Overloaded",stage="none"} 1.5e1 1700000000000
        fewshot_device_state{device="node-a/cpu:0",state="Active"} 1
        http_server_active_requests{http_request_method="GET"} 1
        # EOF
        """;

    [Fact]
    public void SumsAreOverLabels()
    {
        var metrics = NodeMetrics.Parse(Text);
        Assert.Equal(3, metrics.Sum("fewshot_queue_length"));
        Assert.Equal(27, metrics.Sum("fewshot_requests_total"));
        Assert.Equal(15, metrics.Sum("fewshot_requests_total", "outcome=\"Overloaded\""));
        Assert.Equal(0, metrics.Sum("fewshot_absent"));
    }

    [Fact]
    public void WorkUnderWayIsTheQueueAndWhatRuns() =>
        Assert.Equal(
            [("fewshot_queue_length", 3.0), ("fewshot_requests_active", 2.0)],
            NodeMetrics.Parse(Text).InFlight.Select(gauge => (gauge.Key, gauge.Value)));
}
