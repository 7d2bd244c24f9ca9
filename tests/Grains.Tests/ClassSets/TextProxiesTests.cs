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
}
