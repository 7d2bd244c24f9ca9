using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Devices;

namespace FewShotCluster.Grains.Tests.Devices;

public sealed class SlotRoutingTests
{
    private static readonly ContentKey[] Keys = [.. Enumerable.Range(0, 3000).Select(i => ContentKey.Of(BitConverter.GetBytes(i)))];

    [Fact]
    public void Every_slot_owns_its_share_and_a_leaving_one_moves_only_its_own_keys()
    {
        var slots = Enumerable.Range(0, 3).Select(i => new RoutedSlot($"node-{i}/cpu:0", i == 0, (ulong)(i * 7919 + 1))).ToArray();
        var owners = Keys.Select(key => SlotRouter.Owner(key, slots)).ToArray();
        Assert.All(owners.CountBy(owner => owner.Name), share => Assert.InRange(share.Value, 850, 1150));
        for (var i = 0; i < Keys.Length; i++)
        {
            var after = SlotRouter.Owner(Keys[i], slots[..2]);
            if (owners[i] != slots[2]) Assert.Equal(owners[i], after);
        }
    }

    [Fact]
    public void Without_slots_the_failure_is_typed() =>
        Assert.Equal(FewShotErrorCode.DeviceUnavailable, Assert.Throws<FewShotException>(() => SlotRouter.Owner(Keys[0], [])).Code);
}
