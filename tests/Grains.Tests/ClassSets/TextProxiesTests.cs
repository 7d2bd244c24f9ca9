using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.Grains.ClassSets;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;

namespace FewShotCluster.Grains.Tests.ClassSets;

public sealed class TextProxiesTests
{
    [Fact]
    public void Underscores_read_as_spaces_and_a_prompt_replaces_the_templates()
    {
        var policy = new ClassSetPolicy { PromptTemplates = new[] { "a photo of a {}.", "{}, drawn" } };
        var named = new ClassRecord(0, "red_fox", null, null, 0);
        Assert.Equal(["a photo of a red fox.", "red fox, drawn"], TextProxies.Prompts(named, policy));
        Assert.Equal(["a_b"], TextProxies.Prompts(new ClassRecord(0, "red_fox", null, "a_b", 0), policy));
    }

    [Fact]
    public async Task Templates_are_averaged_and_brought_back_to_unit_length()
    {
        await using var cluster = await ToyCluster.Start();
        cluster.Encoder.Text = text => text.StartsWith('x') ? [1, 0, 0, 0] : [0, 1, 0, 0];
        var policy = new ClassSetPolicy { PromptTemplates = new[] { "x {}", "y {}" } };
        var texts = cluster.Services.GetRequiredService<TextProxies>();
        var proxies = await texts.Compute(policy, [new ClassRecord(0, "red", null, null, 0)], default);
        var row = Assert.Single(proxies).Values.AsFloats().ToArray();
        Assert.Equal(Math.Sqrt(0.5), row[0], 6);
        Assert.Equal(Math.Sqrt(0.5), row[1], 6);
    }

    [Fact]
    public async Task Long_lists_are_encoded_in_several_calls_and_every_class_gets_its_own()
    {
        await using var cluster = await ToyCluster.Start();
        cluster.Encoder.Text = text => text.StartsWith('x')
            ? [1, 0, 0, 0]
            : [(float)Math.Cos(Angle(text)), (float)Math.Sin(Angle(text)), 0, 0];
        var policy = new ClassSetPolicy { PromptTemplates = new[] { "x {}", "y {}" } };
        var classes = Enumerable.Range(0, 700).Select(i => new ClassRecord(i, $"{i}", null, i % 7 == 0 ? $"y {i}" : null, 0)).ToArray();
        var texts = cluster.Services.GetRequiredService<TextProxies>();
        var rows = Assert.Single(await texts.Compute(policy, classes, default)).Values.AsFloats().ToArray();
        Assert.Equal(700 * 4, rows.Length);
        // The mean of two unit vectors lies at half the angle between them.
        for (var i = 0; i < 700; i++) Assert.Equal(Math.Sin(Angle($"y {i}") / (i % 7 == 0 ? 1 : 2)), rows[i * 4 + 1], 4);

        static double Angle(string text) => int.Parse(text.AsSpan(2), System.Globalization.CultureInfo.InvariantCulture) / 1000.0;
    }
}
