using FewShotCluster.Grains.Hosting;

namespace FewShotCluster.Grains.Tests.Hosting;

public sealed class OptionsTests
{
    public static TheoryData<Action<FewShotNodeOptions>, string> Wrong => new()
    {
        { options => options.NodeName = "a/b", "NodeName" },
        { options => options.NodeName = " ", "NodeName" },
        { options => options.Devices = [], "Devices" },
        { options => options.Devices = ["cpu:0", "cpu:0"], "Devices" },
        { options => options.QueueLimit = 8, "QueueLimit" },
        { options => options.RefinerViews = 1000, "RefinerViews" },
        { options => options.MaxLinger = TimeSpan.FromMinutes(1), "MaxLinger" },
        { options => options.RefinerViews = 250, "RefinerViews" },
        { options => options.WarmUpTime = TimeSpan.FromSeconds(-1), "WarmUpTime" },
        { options => options.RestartDelay = TimeSpan.Zero, "RestartDelay" },
        { options => options.NullEncoders = -1, "NullEncoders" },
        { options => options.NullBatchTime = TimeSpan.FromMinutes(1), "NullBatchTime" },
        { options => options.ImageCacheBytes = 0, "ImageCacheBytes" },
        { options => options.Images = new(MaxBytes: 0), "Images.MaxBytes" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_setting_that_cannot_work_is_named(Action<FewShotNodeOptions> spoil, string setting)
    {
        var options = new FewShotNodeOptions();
        Assert.True(new FewShotNodeOptionsValidator().Validate(null, options).Succeeded);
        spoil(options);
        var result = new FewShotNodeOptionsValidator().Validate(null, options);
        Assert.Contains(setting, Assert.Single(result.Failures!));
    }
}
