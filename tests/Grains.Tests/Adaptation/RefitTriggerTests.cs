using FewShotCluster.Grains.Adaptation;
using Microsoft.Extensions.Time.Testing;

namespace FewShotCluster.Grains.Tests.Adaptation;

public sealed class RefitTriggerTests
{
    private static readonly ProxyRules Rules = new() { OnZetaImagesPerClass = 3 };
    private readonly FakeTimeProvider time = new();

    [Theory]
    [InlineData(5, null)]
    [InlineData(6, "first fit")]
    public void The_first_fit_wants_enough_images_for_any(int images, string? reason) =>
        Assert.Equal(reason, new RefitTrigger(time).Due(images, 2, Rules));

    [Theory]
    [InlineData(13, 2, null)]
    [InlineData(14, 2, null)]
    [InlineData(16, 2, "enough images for InMaP")]
    [InlineData(17, 2, "the pool has grown")]
    [InlineData(13, 3, "classes changed")]
    public void Another_one_wants_a_reason(int images, int classes, string? reason)
    {
        var trigger = new RefitTrigger(time);
        trigger.Attempted(13, 2);
        Assert.Equal(reason, trigger.Due(images, classes, Rules));
    }

    [Theory]
    [InlineData(20, null)]
    [InlineData(21, "the last fit is old")]
    public void An_old_fit_is_made_again_if_images_came(int images, string? reason)
    {
        var trigger = new RefitTrigger(time);
        trigger.Attempted(20, 2);
        Assert.Null(trigger.Due(21, 2, Rules));
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(reason, trigger.Due(images, 2, Rules));
    }
}
