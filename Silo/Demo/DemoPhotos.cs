using FewShotCluster.Demo.Classes;

namespace FewShotCluster.Silo.Demo;

/// <summary>A drawn photo and the class it shows.</summary>
internal sealed record DemoPhoto(DemoClass Class, byte[] Jpeg);

/// <summary>The photos of one run of the demo, drawn fresh on all cores; shots, pool and test never share a picture.</summary>
internal sealed class DemoPhotos
{
    public const int ShotsPerClass = 4, PoolPerClass = 12, TestPerClass = 12, LatencyPerClass = 3;

    public required IReadOnlyList<DemoPhoto> Shots { get; init; }

    /// <summary>Unlabelled traffic: the node never learns what they show.</summary>
    public required IReadOnlyList<DemoPhoto> Pool { get; init; }

    public required IReadOnlyList<DemoPhoto> Test { get; init; }

    /// <summary>Photos that no cache has met when latency is measured.</summary>
    public required IReadOnlyList<DemoPhoto> Latency { get; init; }

    public static DemoPhotos Draw(int seed, Action<double> progress, CancellationToken cancellationToken)
    {
        var all = DemoClasses.All;
        var plan = new List<(DemoClass Class, Func<DemoClass, int, int, byte[]> Draw, int Index)>();
        void Add(IEnumerable<DemoClass> classes, Func<DemoClass, int, int, byte[]> draw, int first, int count) =>
            plan.AddRange(from c in classes from i in Enumerable.Range(first, count) select (c, draw, i));
        Add(DemoClasses.Seen, DemoPictures.Shots, 0, ShotsPerClass);
        Add(all, DemoPictures.Pool, 0, PoolPerClass);
        Add(all, DemoPictures.Test, 0, TestPerClass);
        Add(all, DemoPictures.Test, TestPerClass, LatencyPerClass);

        var photos = new DemoPhoto[plan.Count];
        var drawn = 0;
        Parallel.For(0, plan.Count, new ParallelOptions { CancellationToken = cancellationToken }, i =>
        {
            photos[i] = new DemoPhoto(plan[i].Class, plan[i].Draw(plan[i].Class, plan[i].Index, seed));
            progress((double)Interlocked.Increment(ref drawn) / plan.Count);
        });

        var (shots, perSet) = (DemoClasses.Seen.Count() * ShotsPerClass, all.Count * PoolPerClass);
        return new DemoPhotos
        {
            Shots = photos[..shots],
            Pool = photos[shots..(shots + perSet)],
            Test = photos[(shots + perSet)..(shots + (2 * perSet))],
            Latency = photos[(shots + (2 * perSet))..],
        };
    }
}
