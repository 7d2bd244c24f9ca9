using System.Diagnostics.Metrics;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Grains.Metrics;
using FewShotCluster.Grains.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace FewShotCluster.Grains.Tests.Devices;

public sealed class SlotCallsTests : IDisposable
{
    private static readonly ContentKey Key = ContentKey.Of([1]);

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new();
    private readonly FakeMembership _membership = new("gateway", "a", "b", "c");
    private readonly SlotLoads _loads;
    private readonly SlotRouter _router;
    private readonly SlotCalls _calls;
    private readonly List<string> _called = [];
    private readonly Dictionary<string, Exception> _failures = [];

    public SlotCallsTests()
    {
        var options = new FewShotNodeOptions();
        var metrics = new FewShotMetrics(_services.GetRequiredService<IMeterFactory>());
        // Never started: the slots of this silo are as unknown as the others'.
        var local = new DeviceSlots(options, new ToyModels(), new DecodePool(options), _time, metrics, NullLoggerFactory.Instance);
        _loads = new SlotLoads(local, _time);
        _router = new SlotRouter(_membership, _membership, _membership, _loads, options);
        _calls = new SlotCalls(_router, _loads);
    }

    public static TheoryData<Exception> Gone =>
    [
        new FewShotException(FewShotErrorCode.DeviceUnavailable, "quarantined"),
        new SiloUnavailableException("dead"),
        new OrleansException("No active nodes are compatible with grain encoder"),
        new OperationCanceledException("its silo stops"),
    ];

    [Theory]
    [MemberData(nameof(Gone))]
    public async Task A_slot_that_is_gone_is_left_for_the_next_and_rests(Exception failure)
    {
        var owner = _router.Route(Key).Name;
        _failures[owner] = failure;
        var answered = await Call();
        Assert.NotEqual(owner, answered);
        Assert.Equal([owner, answered], _called);
        // The next request does not even try it, until it has rested.
        Assert.Equal(answered, await Call());
        Assert.Equal(3, _called.Count);
        _failures.Clear();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(owner, await Call());
    }

    [Fact]
    public async Task An_error_of_the_request_is_not_tried_elsewhere_and_neither_is_one_after_its_deadline()
    {
        var owner = _router.Route(Key).Name;
        _failures[owner] = new FewShotException(FewShotErrorCode.InvalidImage, "no image");
        await Expect.Error(FewShotErrorCode.InvalidImage, Call);
        _failures[owner] = new SiloUnavailableException("dead");
        using var over = new CancellationTokenSource();
        await Assert.ThrowsAsync<SiloUnavailableException>(() => _calls.Run<string>(
            Key,
            slot =>
            {
                over.Cancel();
                throw _failures[slot.Name];
            },
            over.Token));
        Assert.Single(_called);
    }

    [Fact]
    public async Task When_everything_is_down_the_last_failure_is_the_answer_after_three_slots()
    {
        foreach (var slot in _router.Slots) _failures[slot.Name] = new FewShotException(FewShotErrorCode.DeviceUnavailable, $"{slot.Name} is down");
        var failure = await Expect.Error(FewShotErrorCode.DeviceUnavailable, Call);
        Assert.Equal(3, _called.Distinct().Count());
        Assert.Contains(_called[^1], failure.Message);
    }

    [Fact]
    public async Task An_overload_is_carried_to_another_slot_only_if_one_is_known_to_have_room()
    {
        var owner = _router.Route(Key).Name;
        _failures[owner] = new FewShotException(FewShotErrorCode.Overloaded, "full", TimeSpan.FromMilliseconds(30));
        await Expect.Error(FewShotErrorCode.Overloaded, Call);
        Assert.Single(_called);
        _loads.Publish(Status(_router.Slots.First(slot => slot.Name != owner).Name, length: 3));
        Assert.NotEqual(owner, await Call());
    }

    [Fact]
    public void Routing_leaves_a_dead_silo_when_membership_says_so_and_a_silent_or_quarantined_slot_before()
    {
        var owner = _router.Route(Key);
        var node = owner.Name.Split('/')[0];
        _loads.Publish(Status(owner.Name, 0));
        Assert.Equal(owner, _router.Route(Key));
        _loads.Publish(Status(owner.Name, 0) with { State = DeviceState.Quarantined });
        Assert.NotEqual(owner, _router.Route(Key));
        _loads.Publish(Status(owner.Name, 0));
        Assert.Equal(owner, _router.Route(Key));
        _time.Advance(TimeSpan.FromSeconds(1.5));
        Assert.NotEqual(owner, _router.Route(Key));
        _loads.Publish(Status(owner.Name, 0));
        Assert.Equal(owner, _router.Route(Key));
        _membership.Declare(node, SiloStatus.Dead);
        Assert.NotEqual(owner, _router.Route(Key));
        Assert.DoesNotContain(owner, _router.Slots);
        _membership.Declare(node, SiloStatus.Active);
        Assert.Equal(owner, _router.Route(Key));
    }

    [Fact]
    public void If_no_slot_seems_to_take_work_all_are_asked()
    {
        foreach (var slot in _router.Slots) _loads.Failed(slot.Name);
        Assert.NotNull(_router.Route(Key));
    }

    public void Dispose() => _services.Dispose();

    private Task<string> Call() => _calls.Run(
        Key,
        slot =>
        {
            _called.Add(slot.Name);
            return _failures.TryGetValue(slot.Name, out var failure) ? Task.FromException<string>(failure) : Task.FromResult(slot.Name);
        },
        default);

    private static DeviceStatus Status(string slot, int length) => new()
    {
        Slot = slot,
        Encoders = [],
        Dtype = "float32",
        QueueLength = length,
        QueueLimit = 256,
        Encoded = 0,
        Batches = 0,
        CacheHits = 0,
        CacheMisses = 0,
        State = DeviceState.Active,
    };
}
