using FewShotCluster.Grains.Devices;

namespace FewShotCluster.Grains.Tests.Devices;

public sealed class WorkQueueTests
{
    private const double Forever = double.PositiveInfinity;

    private readonly BatchTimes _times = new(8);

    [Fact]
    public void A_flood_of_one_set_does_not_keep_another_waiting()
    {
        Measure(0.010);
        var queue = new WorkQueue(_times, 64);
        for (var i = 0; i < 40; i++) Wait(queue, "flood");
        Wait(queue, "guest");
        Assert.Contains(queue.Take(0).Batch, work => work.Owner.ClassSet == "guest");

        // Two floods share each batch.
        for (var i = 0; i < 20; i++) Wait(queue, "guest");
        Assert.Equal(4, queue.Take(0).Batch.Count(work => work.Owner.ClassSet == "guest"));
    }

    [Fact]
    public void Time_is_shared_not_items_and_kinds_are_not_mixed()
    {
        // A refiner image takes as long as eight others: one of them for each batch of eight.
        Measure(0.010, WorkKind.Image);
        Measure(0.080, WorkKind.Refiner);
        var queue = new WorkQueue(_times, 200);
        for (var i = 0; i < 64; i++) Wait(queue, "photos");
        for (var i = 0; i < 64; i++) Wait(queue, "dogs", WorkKind.Refiner);
        var seconds = new Dictionary<WorkKind, double>();
        for (var round = 0; round < 9; round++)
        {
            var batch = queue.Take(0).Batch;
            Assert.Single(batch.Select(work => work.Kind).Distinct());
            seconds[batch[0].Kind] = seconds.GetValueOrDefault(batch[0].Kind) + _times.Of(batch[0].Kind, batch.Count);
        }
        // A batch of dogs costs as much as eight of photos, and is paid back by them.
        Assert.Equal(seconds[WorkKind.Refiner], seconds[WorkKind.Image], 3);
    }

    [Fact]
    public void A_set_alone_leaves_places_for_others()
    {
        var queue = new WorkQueue(_times, 90);
        var held = 0;
        for (; !queue.IsFullFor("flood"); held++) queue.Admit(Work("flood"));
        Assert.Equal(WorkQueue.Share(90), held);
        Assert.False(queue.IsFullFor("guest"));
        while (!queue.IsFullFor("guest")) queue.Admit(Work("guest"));
        Assert.InRange(queue.Admitted, held + 1, 90);
        Assert.Equal([1, 2, 228], new[] { 1, 2, 256 }.Select(WorkQueue.Share));
    }

    [Fact]
    public void What_would_be_late_is_left_out_and_a_batch_is_cut_to_be_in_time()
    {
        Measure(0.010);
        var queue = new WorkQueue(_times, 64);
        Wait(queue, "a", deadline: 0.005);
        Wait(queue, "a", deadline: 0.045);
        for (var i = 0; i < 6; i++) Wait(queue, "a");
        var picked = queue.Take(0);
        Assert.Equal(0.005, Assert.Single(picked.Late).Owner.Deadline);
        // Four take 40 ms; eight would take 80.
        Assert.Equal(4, picked.Batch.Count);
        Assert.Equal((3, 3), (queue.Admitted, queue.Waiting));
        Assert.Equal(3, queue.Take(0).Batch.Count + queue.Take(0).Batch.Count);
        Assert.Equal((0, 0), (queue.Admitted, queue.Waiting));
    }

    [Fact]
    public void A_measure_that_lets_nothing_through_is_tried_again_but_never_with_what_has_expired()
    {
        Measure(10);
        var queue = new WorkQueue(_times, 64);
        Wait(queue, "a", deadline: 0.5);
        Wait(queue, "a", deadline: 2);
        Wait(queue, "a", deadline: 2);
        var picked = queue.Take(1);
        Assert.Equal(2, Assert.Single(picked.Batch).Owner.Deadline);
        Assert.Equal(2, picked.Late.Count);
        Wait(queue, "a", deadline: 1);
        Assert.Empty(queue.Take(1).Batch);
    }

    [Fact]
    public void Work_ahead_of_a_newcomer_is_its_own_sets_and_its_turns_of_the_others()
    {
        Measure(0.010);
        var queue = new WorkQueue(_times, 64);
        for (var i = 0; i < 30; i++) Wait(queue, "flood");
        Wait(queue, "guest");
        Assert.Equal(0.30 + 0.01, queue.Ahead("flood", WorkKind.Image), 6);
        Assert.Equal(0.01 + 0.02, queue.Ahead("guest", WorkKind.Image), 6);
        Assert.Equal(0.01 + 0.01, queue.Ahead("newcomer", WorkKind.Image), 6);
        Assert.Equal(0.31, queue.Backlog(), 6);
    }

    [Fact]
    public void Random_admissions_withdrawals_cancellations_and_batches_leave_nothing_behind()
    {
        Measure(0.001);
        var random = new Random(7);
        var queue = new WorkQueue(_times, 32);
        var preparing = new List<DeviceWork>();
        var waiting = new List<DeviceWork>();
        for (var step = 0; step < 20_000; step++)
        {
            var set = $"set {random.Next(5)}";
            switch (random.Next(5))
            {
                case 0 or 1 when !queue.IsFullFor(set):
                    preparing.Add(new DeviceWork((WorkKind)random.Next(3), new WorkOwner(set, step + random.Next(-5, 50))));
                    queue.Admit(preparing[^1]);
                    break;
                case 2 when preparing.Count > 0:
                    preparing[^1].Prepare([], "", step);
                    queue.Add(preparing[^1]);
                    waiting.Add(preparing[^1]);
                    preparing.RemoveAt(preparing.Count - 1);
                    break;
                case 3 when waiting.Count > 0:
                    var dropped = waiting[random.Next(waiting.Count)];
                    queue.Release(dropped);
                    waiting.Remove(dropped);
                    break;
                case 4:
                    var picked = queue.Take(step);
                    Assert.All(picked.Batch.Concat(picked.Late), work => Assert.True(waiting.Remove(work)));
                    Assert.All(picked.Batch, work => Assert.True(work.Owner.Deadline > step));
                    break;
            }
            Assert.Equal((preparing.Count + waiting.Count, waiting.Count), (queue.Admitted, queue.Waiting));
        }
        foreach (var work in preparing) queue.Release(work);
        queue.TakeAll();
        Assert.Equal((0, 0, 0.0), (queue.Admitted, queue.Waiting, queue.Backlog()));
    }

    private static DeviceWork Work(string set, WorkKind kind = WorkKind.Image, double deadline = Forever) => new(kind, new WorkOwner(set, deadline));

    private static void Wait(WorkQueue queue, string set, WorkKind kind = WorkKind.Image, double deadline = Forever)
    {
        var work = Work(set, kind, deadline);
        queue.Admit(work);
        work.Prepare([], "", 0);
        queue.Add(work);
    }

    private void Measure(double secondsPerItem, params WorkKind[] kinds)
    {
        foreach (var kind in kinds.Length > 0 ? kinds : Enum.GetValues<WorkKind>())
            foreach (var size in _times.Buckets) _times.Record(kind, size, secondsPerItem * size);
    }
}
