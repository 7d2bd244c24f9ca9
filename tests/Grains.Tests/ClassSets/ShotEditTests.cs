using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.ClassSets;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Storage;
using FewShotCluster.Grains.Tests.Fakes;

namespace FewShotCluster.Grains.Tests.ClassSets;

public sealed class ShotEditTests
{
    [Fact]
    public async Task Shots_are_removed_by_content_and_by_class()
    {
        await using var cluster = await ToyCluster.Start();
        var fitted = await ToySets.Fitted(cluster);
        var one = await cluster.Set().RemoveShots(ShotSelection.OfKeys(ToySets.Key("red", 1)), "one", default);
        Assert.Equal((fitted + 1, 1), (one.Version, one.Shots));
        Assert.Equal(one, await cluster.Set().RemoveShots(ShotSelection.OfKeys(ToySets.Key("red", 1)), "one", default));
        await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set().RemoveShots(ShotSelection.OfClasses(0), "one", default));
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Set().RemoveShots(ShotSelection.OfKeys(ToySets.Key("red", 1)), "gone", default));
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Set().RemoveShots(ShotSelection.OfClasses(9), "nobody", default));
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Set().RemoveShots(ShotSelection.OfClasses(3), "none", default));
        // blue has no shots any more: it is unseen, and its probe answers nobody.
        var blue = await cluster.Set().RemoveShots(ShotSelection.OfClasses(2), "blue", default);
        Assert.Equal(2, blue.Shots);
        var answer = await cluster.Classify(ToyImages.Of("blue", 9), blue.Version, ExplainMode.AllStages);
        Assert.Equal(("blue", CascadeStage.Text), (answer.Top[0].Name, answer.Stage));
        Assert.DoesNotContain(answer.Stages.Single(s => s.Stage == CascadeStage.Probe).Top, c => c.Name == "blue");
        Assert.Equal([1, 2, 0, 0], (await cluster.Set().Describe()).Classes.Select(c => c.Shots));
        // What is left is what a fit learns from.
        var fit = await cluster.Fit(FitKind.Shots);
        Assert.StartsWith("GDA of 3 shots in 2 classes; refiner of 3 shots in 2 classes", fit.Reason);
    }

    [Fact]
    public async Task Shots_change_their_class_within_the_family_and_out_of_it()
    {
        await using var cluster = await ToyCluster.Start();
        await ToySets.Fitted(cluster);
        var within = await cluster.Set().MoveShots([new ShotMove(ToySets.Key("red", 1), 1)], "within", default);
        Assert.Equal([1, 3, 2, 0], (await cluster.Set().Describe()).Classes.Select(c => c.Shots));
        Assert.Equal(within, await cluster.Set().MoveShots([new ShotMove(ToySets.Key("red", 1), 1)], "within", default));
        await cluster.Set().MoveShots([new ShotMove(ToySets.Key("yellow", 1), 3), new ShotMove(ToySets.Key("red", 1), 3)], "out", default);
        Assert.Equal([1, 1, 2, 2], (await cluster.Set().Describe()).Classes.Select(c => c.Shots));
        // Their views went with their family.
        var fit = await cluster.Fit(FitKind.Shots);
        Assert.StartsWith("GDA of 6 shots in 4 classes; refiner of 2 shots in 2 classes", fit.Reason);
        var failure = await Expect.Error(
            FewShotErrorCode.InvalidArgument, () => cluster.Set().MoveShots([new ShotMove(ToySets.Key("blue", 1), 0)], "in", default));
        Assert.Contains("views", failure.Message);
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Set().MoveShots([new ShotMove(ToySets.Key("cyan", 1), 0)], "x", default));
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Set().MoveShots([new ShotMove(ToySets.Key("red", 2), 9)], "y", default));
    }

    [Fact]
    public async Task A_photo_that_two_classes_have_is_moved_from_the_one_that_is_named()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(null, "red", "green", "blue");
        await cluster.Set().AddShots(ToySets.Shots((0, "red", 1), (1, "red", 1)), "shots", default);
        var key = ToySets.Key("red", 1);
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Set().MoveShots([new ShotMove(key, 2)], "which", default));
        await cluster.Set().MoveShots([new ShotMove(key, 2, FromClassId: 1)], "this", default);
        Assert.Equal([0, 2], (await cluster.Set().ListShots()).Select(s => s.ClassId));
        // The class has it already: one of them is enough.
        await cluster.Set().MoveShots([new ShotMove(key, 0, FromClassId: 2)], "same", default);
        Assert.Equal([new ShotRecord(0, key)], await cluster.Set().ListShots());
    }

    /// <summary>Every way to keep, move or drop four shots of two classes in and two beside the refiner's family.</summary>
    [Fact]
    public void Every_edit_of_a_batch_keeps_rows_and_views_with_their_shots()
    {
        const int dimension = 2, views = 3;
        int[] classes = [0, 1, 2, 0];
        int[] viewed = [0, 1, 3];
        static bool Refined(int position) => position < 2;
        var blocks = new List<Block>();
        var batch = new ShotBatch
        {
            Classes = classes,
            Keys = [.. Enumerable.Range(0, 4).Select(i => ToySets.Key("red", i))],
            Features = [StoredBytes.New(Rows([0, 1, 2, 3], dimension), blocks)],
            ViewClasses = [.. viewed.Select(shot => classes[shot])],
            ViewsPerShot = views,
            Views = StoredBytes.New(Rows([.. viewed.SelectMany(shot => Enumerable.Repeat(100 + shot, views))], dimension), blocks),
        };
        var edits = from a in Targets(true) from b in Targets(true) from c in Targets(false) from d in Targets(true) select new[] { a, b, c, d };
        var count = 0;
        foreach (var targets in edits)
        {
            count++;
            var rows = new ShotRows(batch, targets, Refined, Refined);
            int[] kept = [.. Enumerable.Range(0, 4).Where(shot => targets[shot] >= 0)];
            int[] keptViews = [.. viewed.Where(shot => targets[shot] is 0 or 1)];
            Assert.Equal(kept.Length == 0, rows.IsEmpty);
            if (rows.IsEmpty) continue;
            Assert.Equal(kept.Length < 4 || keptViews.Length < viewed.Length, rows.NeedsBytes);
            // Without need the bytes are not there.
            var edited = rows.Apply(rows.NeedsBytes ? batch : batch.Released(), blocks = []);
            Assert.Equal(kept.Select(shot => targets[shot]), edited.Classes);
            Assert.Equal(kept.Select(shot => batch.Keys[shot]), edited.Keys);
            Assert.Equal(keptViews.Select(shot => targets[shot]), edited.ViewClasses);
            Assert.Equal(Blocks.Cut(Rows(kept, dimension), []), edited.Features[0].Payload, Same);
            Assert.Equal(
                Blocks.Cut(Rows([.. keptViews.SelectMany(shot => Enumerable.Repeat(100 + shot, views))], dimension), []), edited.Views.Payload, Same);
        }
        Assert.Equal(4 * 4 * 3 * 4, count);

        // A shot of the family may go anywhere; one beside it stays out.
        static int[] Targets(bool isRefined) => isRefined ? [-1, 0, 1, 2] : [-1, 2, 3];
        static byte[] Rows(int[] values, int width) => FloatBytes.From([.. values.SelectMany(value => Enumerable.Repeat((float)value, width))]);
        static bool Same(Payload one, Payload other) => one.Length == other.Length && one.Blocks.SequenceEqual(other.Blocks);
    }

    /// <summary>Every subset of four classes, each fitted in another way.</summary>
    [Fact]
    public void Every_cut_keeps_the_rows_of_the_classes_that_stay()
    {
        int[] fitted = [0, 2, 3], gate = [1, 3], probe = [0, 1, 3];
        var blocks = new List<Block>();
        var encoder = new EncoderState
        {
            Info = new("toy", "digest", 2, 1, 8),
            ProxyShare = 1,
            ProbeShare = 1,
            TextProxies = StoredBytes.New(new byte[4 * 2 * sizeof(float)], blocks),
            FittedClasses = fitted,
            Proxies = Matrix(10, fitted, 2),
            GateClasses = gate,
            GateProxies = Matrix(20, gate, 2),
            ProbeClasses = probe,
            ProbeWeights = Matrix(30, probe, 2),
            ProbeBias = Matrix(40, probe, 1),
            ProbeAlpha = Matrix(50, probe, 1),
        };
        var refiner = new RefinerState("warm", new("refiner", "digest", 2, 1, 8), probe, Matrix(60, probe, 2), Matrix(70, probe, 1), 6);
        for (var subset = 0; subset < 16; subset++)
        {
            var kept = Enumerable.Range(0, 4).Where(position => (subset & (1 << position)) != 0).ToList();
            int[] map = [.. Enumerable.Range(0, 4).Select(position => kept.IndexOf(position))];
            var cut = FittedRows.Cut(encoder, map, []);
            Check(cut.FittedClasses, cut.Proxies, 10, fitted, 2);
            Check(cut.GateClasses, cut.GateProxies, 20, gate, 2);
            Check(cut.ProbeClasses, cut.ProbeWeights, 30, probe, 2);
            Check(cut.ProbeClasses, cut.ProbeBias, 40, probe, 1);
            Check(cut.ProbeClasses, cut.ProbeAlpha, 50, probe, 1);
            var head = FittedRows.Cut(refiner, map, []);
            Assert.Equal(probe.Count(kept.Contains) < 2, head is null);
            if (head is null) continue;
            Check(head.Classes, head.Weights, 60, probe, 2);
            Check(head.Classes, head.Bias, 70, probe, 1);

            void Check(int[] classes, StoredBytes matrix, int first, int[] before, int width)
            {
                int[] left = [.. before.Where(kept.Contains)];
                Assert.Equal(left.Select(position => map[position]), classes);
                Assert.Equal(Matrix(first, left, width).Bytes!.ToArray(), matrix.Bytes!.ToArray());
            }
        }

        StoredBytes Matrix(int first, int[] rows, int width) =>
            StoredBytes.New(FloatBytes.From([.. rows.SelectMany(row => Enumerable.Repeat((float)(first + row), width))]), blocks);
    }
}
