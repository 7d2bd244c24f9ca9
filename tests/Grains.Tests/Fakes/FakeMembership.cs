using System.Collections.Immutable;
using System.Net;
using System.Runtime.CompilerServices;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Grains.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace FewShotCluster.Grains.Tests.Fakes;

/// <summary>Membership as the test says it is: nodes by name, each with the slot <c>NAME/cpu:0</c>; the first is the local one.</summary>
internal sealed class FakeMembership : IClusterMembershipService, ISiloMetadataCache, ILocalSiloDetails
{
    private readonly ImmutableDictionary<SiloAddress, ClusterMember> _members;
    private readonly Dictionary<SiloAddress, SiloMetadata> _metadata = [];
    private ClusterMembershipSnapshot _snapshot;

    public FakeMembership(params string[] nodes)
    {
        var members = nodes.Select((node, i) => new ClusterMember(Address(i), SiloStatus.Active, node)).ToArray();
        _members = members.ToImmutableDictionary(member => member.SiloAddress);
        _snapshot = new ClusterMembershipSnapshot(_members, new MembershipVersion(1));
        foreach (var member in members)
        {
            var metadata = new SiloMetadata();
            Set(metadata, NodeMetadata.Of(new FewShotNodeOptions { NodeName = member.Name }).ToImmutableDictionary());
            _metadata.Add(member.SiloAddress, metadata);
        }
        Name = nodes[0];
    }

    public ClusterMembershipSnapshot CurrentSnapshot => Volatile.Read(ref _snapshot);

    public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => throw new NotSupportedException();

    public string Name { get; }

    public string ClusterId => "test";

    public string DnsHostName => "localhost";

    public SiloAddress SiloAddress => Address(0);

    public SiloAddress GatewayAddress => Address(0);

    public void Declare(string node, SiloStatus status)
    {
        var member = _snapshot.Members.Values.Single(member => member.Name == node);
        var members = _snapshot.Members.SetItem(member.SiloAddress, new ClusterMember(member.SiloAddress, status, node));
        Volatile.Write(ref _snapshot, new ClusterMembershipSnapshot(members, new MembershipVersion(_snapshot.Version.Value + 1)));
    }

    public SiloMetadata GetSiloMetadata(SiloAddress siloAddress) => _metadata[siloAddress];

    public ValueTask Refresh(MembershipVersion minimumVersion, CancellationToken cancellationToken) => default;

    public Task<bool> TryKill(SiloAddress siloAddress) => throw new NotSupportedException();

    // Orleans fills it from the silo's own configuration alone.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_Metadata")]
    private static extern void Set(SiloMetadata metadata, ImmutableDictionary<string, string> values);

    private static SiloAddress Address(int number) => SiloAddress.New(IPAddress.Loopback, 10_000 + number, 1);
}
