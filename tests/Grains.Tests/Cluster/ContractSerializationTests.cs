using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.Grains.ClassSets;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace FewShotCluster.Grains.Tests.Cluster;

public sealed class ContractSerializationTests
{
    [Fact]
    public void A_definition_with_default_policy_survives_the_wire()
    {
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer<ClassSetDefinition>>();
        ClassDefinition[] classes = [new("red"), new("green", 3, "warm", "a prompt")];
        var definition = new ClassSetDefinition { Classes = classes };
        var copy = serializer.Deserialize(serializer.SerializeToArray(definition))!;
        Assert.Equal(definition.Classes, copy.Classes);
        Assert.Equal(definition.Policy.PromptTemplates, copy.Policy.PromptTemplates);
        Assert.Equal(RequestHash.Of(definition), RequestHash.Of(copy));
        Assert.NotEqual(RequestHash.Of(definition), RequestHash.Of(copy with { Policy = copy.Policy with { ProbeEpochs = 7 } }));
    }
}
