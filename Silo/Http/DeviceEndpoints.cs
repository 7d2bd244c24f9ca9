using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Silo.Http;

/// <summary>Trials on device slots; refused (403) by nodes that were not started with fault injection.</summary>
internal static class DeviceEndpoints
{
    /// <summary><c>POST /v1/devices/faults?slot=node-a/cpu:0&amp;reason=...</c>: the slot, of this or another node, fails after its running batch.</summary>
    public static async Task<IResult> InjectFault(HttpRequest request, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var slot = request.Query["slot"].ToString();
        var reason = request.Query["reason"].ToString();
        // Asked first: a slot that nobody publishes has no grain to fail.
        var status = await grains.GetGrain<IClusterStatusGrain>(0).GetStatus(cancellationToken);
        if (status.Devices.All(device => device.Slot != slot))
            throw new FewShotException(
                FewShotErrorCode.DeviceUnavailable, $"no slot '{slot}' answers; there are {string.Join(", ", status.Devices.Select(device => device.Slot))}");
        await grains.GetGrain<IEncoderGrain>(slot).InjectFault(reason.Length == 0 ? "by request" : reason[..Math.Min(reason.Length, 200)]);
        return Results.Accepted();
    }
}
