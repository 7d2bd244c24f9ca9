using FewShotCluster.GrainInterfaces.Encoders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FewShotCluster.Grains.Devices;

/// <summary>Asks the other silos' slots for their queue lengths four times a second; a node alone asks nobody.</summary>
internal sealed partial class SlotLoadWatch(
    IGrainFactory grains, SlotRouter router, SlotLoads loads, TimeProvider time, ILogger<SlotLoadWatch> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var remote = router.Slots.Where(slot => !slot.IsLocal).ToList();
            loads.Keep(remote.Select(slot => slot.Name));
            await Task.WhenAll(remote.Select(slot => Ask(slot.Name, stoppingToken)));
        }
    }

    private async Task Ask(string slot, CancellationToken cancellationToken)
    {
        try
        {
            var status = await grains.GetGrain<IEncoderGrain>(slot).GetStatus().WaitAsync(TimeSpan.FromSeconds(1), time, cancellationToken);
            loads.Publish(slot, status.QueueLength);
        }
        // A cancellation of the other silo's counts as no answer: unhandled here it would stop this node.
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogNoAnswer(log, e.Message, slot);
        }
    }
}
