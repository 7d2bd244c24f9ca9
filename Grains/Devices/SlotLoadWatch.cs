using System.Collections.Concurrent;
using FewShotCluster.GrainInterfaces.Encoders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FewShotCluster.Grains.Devices;

/// <summary>Asks the other silos' slots how they are four times a second; a node alone asks nobody.</summary>
internal sealed partial class SlotLoadWatch(
    IGrainFactory grains, SlotRouter router, SlotLoads loads, TimeProvider time, ILogger<SlotLoadWatch> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    // A slot that does not answer is asked again only when its question is given up; the others are asked all the while.
    private readonly ConcurrentDictionary<string, bool> _asked = new(StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var remote = router.Slots.Where(slot => !slot.IsLocal).Select(slot => slot.Name).ToList();
            loads.Keep(remote);
            foreach (var slot in remote.Where(slot => _asked.TryAdd(slot, true))) _ = Ask(slot, stoppingToken);
        }
    }

    private async Task Ask(string slot, CancellationToken cancellationToken)
    {
        try
        {
            loads.Publish(await grains.GetGrain<IEncoderGrain>(slot).GetStatus().WaitAsync(TimeSpan.FromSeconds(1), time, cancellationToken));
        }
        catch (Exception e)
        {
            // A cancellation of the other silo's counts as no answer.
            if (!cancellationToken.IsCancellationRequested) LogNoAnswer(log, e.Message, slot);
        }
        finally
        {
            _asked.TryRemove(slot, out _);
        }
    }
}
