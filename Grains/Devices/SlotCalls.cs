using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Grains.Devices;

/// <summary>
/// Calls of idempotent reads to the slot that an image is routed to. A slot that is down, or whose silo is gone, is left at once for the next
/// one, while the caller's token allows; a full one only for one that is known to have room, so that an overload is not multiplied.
/// </summary>
internal sealed class SlotCalls(SlotRouter router, SlotLoads loads)
{
    // Enough for two failures at once; more would be a cluster that is down.
    private const int MostSlots = 3;

    public async Task<T> Run<T>(ContentKey key, Func<RoutedSlot, Task<T>> call, CancellationToken cancellationToken)
    {
        List<string>? tried = null;
        while (true)
        {
            var slot = router.Route(key, tried);
            try
            {
                return await call(slot).WaitAsync(cancellationToken);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested && MovesOn(e, slot, tried ??= []))
            {
                // The next round routes past it.
            }
        }
    }

    private bool MovesOn(Exception failure, RoutedSlot slot, List<string> tried)
    {
        tried.Add(slot.Name);
        if (IsGone(failure) && !slot.IsLocal) loads.Failed(slot.Name);
        if (tried.Count >= MostSlots || router.Slots.All(other => tried.Contains(other.Name))) return false;
        return failure is FewShotException { Code: FewShotErrorCode.Overloaded } ? router.HasRoomElsewhere(tried) : IsGone(failure);
    }

    /// <summary>
    /// Whether the slot or its silo is at fault, not the request: a device that is down, a silo that is dead or leaving, a slot that nobody
    /// publishes any more ("no active nodes are compatible" has no type of its own), and a message lost with its silo's cancellations.
    /// </summary>
    private static bool IsGone(Exception failure) => failure is FewShotException { Code: FewShotErrorCode.DeviceUnavailable }
        or OrleansException or TimeoutException or Orleans.Runtime.Messaging.ConnectionFailedException or OperationCanceledException;
}
