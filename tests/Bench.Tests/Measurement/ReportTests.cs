using System.Text.Json;
using FewShotCluster.Bench.Measurement;

namespace FewShotCluster.Bench.Tests.Measurement;

/// <summary>The report as scripts read it, and the machine's facts from what Linux tells.</summary>
public sealed class ReportTests
{
    [Fact]
    public void Json_has_the_names_of_the_contract_and_no_nulls()
    {
        var report = new BenchReport(new Machine("a cpu", 2, null, "an os"), "abc1234",
        [
            new Figure("vit-b-32/batch-1/threads-2/float32", 60.5, "ms", "onnxruntime float32", 1.25, 1.2, 1.5),
            new Figure("hot-add", 12, "ms", Note: "median of 8"),
        ]);

        Assert.Equal(
            """
            {"machine":{"cpu":"a cpu","cores":2,"os":"an os"},"commit":"abc1234","figures":[
            {"name":"vit-b-32/batch-1/threads-2/float32","value":60.5,"unit":"ms","against":"onnxruntime float32","ratio":1.25,"low":1.2,"high":1.5},
            {"name":"hot-add","value":12,"unit":"ms","note":"median of 8"}]}
            """.ReplaceLineEndings(""),
            JsonSerializer.Serialize(report, new JsonSerializerOptions(JsonSerializerDefaults.Web)));
    }

    [Fact]
    public void Quartiles_are_interpolated()
    {
        Assert.Equal(new Spread(2.5, 1.75, 3.25), Spread.Of([4, 1, 3, 2]));
        Assert.Equal(new Spread(7, 7, 7), Spread.Of([7]));
    }

    [Fact]
    public void Busy_time_is_everything_but_idle_and_waiting()
    {
        var busy = ProcessorTime.Busy("cpu  26731 10 4206 52937 353 1 90 313 77 0");
        Assert.Equal(26731 + 10 + 4206 + 1 + 90 + 313, busy.TotalSeconds * 100, 6);
    }

    [Fact]
    public void A_cpu_is_its_model_and_what_networks_care_about()
    {
        string[] info =
        [
            "processor\t: 0", "cpu family\t: 25", "model\t\t: 1", "model name\t: AMD EPYC", "flags\t\t: fpu avx2 avx512f avx512_bf16 aes", "",
            "processor\t: 1", "flags\t\t: fpu",
        ];
        Assert.Equal("AMD EPYC (avx2, avx512f, avx512_bf16), family 25 model 1", Machine.DescribeCpu(info));
    }

    [Fact]
    public void This_machine_and_this_program_describe_themselves()
    {
        var report = BenchReport.Of([]);
        Assert.True(report.Machine.Cores >= 1);
        Assert.NotEmpty(report.Machine.Cpu);
        Assert.NotEmpty(report.Commit);
    }
}
