using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.Grains.Classification;
using FewShotCluster.Grains.Devices;

namespace FewShotCluster.Grains.Tests.Classification;

public sealed class ScoringTests
{
    [Theory]
    [InlineData(0, 8)]
    [InlineData(1, 1)]
    [InlineData(3, 5)]
    [InlineData(4, 8)]
    [InlineData(9, 7)]
    [InlineData(13, 33)]
    [InlineData(403, 1024)]
    [InlineData(6, 1027)]
    public void Blocked_products_are_the_rows_dot_products(int rows, int dimension)
    {
        var random = new Random(rows * 10_000 + dimension);
        var matrix = Draw(random, rows * dimension);
        var vector = Draw(random, dimension);
        var scores = new ScoreMatrix(matrix, rows, dimension).Times(vector);
        Assert.Equal(rows, scores.Length);
        for (var row = 0; row < rows; row++)
        {
            var expected = vector.Select((value, i) => (double)value * matrix[row * dimension + i]).Sum();
            Assert.Equal(expected, scores[row], 1e-3);
        }
    }

    [Fact]
    public void A_model_made_from_the_one_before_scores_as_a_fresh_one()
    {
        const int dimension = 8;
        var random = new Random(7);
        var rows = Enumerable.Range(0, 150).Select(_ => Draw(random, dimension)).ToList();
        var probe = FloatBytes.From(Draw(random, 70 * dimension));
        var (before, vector) = (new ScoringModel(Snapshot(rows, probe)), Draw(random, dimension));

        rows.Add(Draw(random, dimension));
        var added = Check(Snapshot(rows, probe), before);
        Assert.Same(before.Text.Chunk(0), added.Text.Chunk(0));
        Assert.Same(before.Text.Chunk(1), added.Text.Chunk(1));
        Assert.NotSame(before.Text.Chunk(2), added.Text.Chunk(2));
        Assert.Same(before.Probe, added.Probe);

        // LP++ has the text of its classes in it.
        rows[3] = Draw(random, dimension);
        var changed = Check(Snapshot(rows, probe), added);
        Assert.NotSame(added.Text.Chunk(0), changed.Text.Chunk(0));
        Assert.Same(added.Text.Chunk(1), changed.Text.Chunk(1));
        Assert.NotSame(added.Probe, changed.Probe);

        rows.RemoveRange(60, 40);
        Check(Snapshot(rows, probe), changed);
        Check(Snapshot(rows, FloatBytes.From(Draw(random, 70 * dimension))), changed);
        Check(Snapshot(rows, probe, share: 0.5), changed);

        ScoringModel Check(ClassSetSnapshot snapshot, ScoringModel from)
        {
            var (next, fresh) = (new ScoringModel(snapshot, from), new ScoringModel(snapshot));
            Assert.Equal(fresh.Text.Times(vector), next.Text.Times(vector));
            Assert.Equal(fresh.Probe.Times(vector), next.Probe.Times(vector));
            Assert.Equal(fresh.ProbeBias, next.ProbeBias);
            return next;
        }

        static ClassSetSnapshot Snapshot(List<float[]> rows, byte[] probe, double share = 1)
        {
            int[] seen = [.. Enumerable.Range(0, 70)];
            return new ClassSetSnapshot
            {
                ClassSetId = "set",
                Version = 1,
                LearnFromTraffic = false,
                Classes = [.. rows.Select((_, i) => new ClassEntry(i, $"class {i}", null, i < 70))],
                Encoders =
                [
                    new EncoderHead
                    {
                        Encoder = "toy", Digest = "digest", Dimension = dimension, LogitScale = 10, ProxyShare = share, ProbeShare = 1,
                        TextProxies = FloatBytes.From([.. rows.SelectMany(row => row)]),
                        ProbeClasses = seen,
                        ProbeWeights = probe,
                        ProbeBias = FloatBytes.From([.. seen.Select(i => (float)i)]),
                        ProbeAlpha = FloatBytes.From([.. seen.Select(i => 2f + i)]),
                    },
                ],
            };
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(403)]
    [InlineData(3000)]
    public void A_ranking_is_a_stable_sort_by_descending_score(int classes)
    {
        var random = new Random(classes);
        // Few distinct values: many ties, both zeros among them.
        float[] values = [-3.5f, -0f, 0f, 1e-30f, 2, 7.25f, float.NaN, float.NegativeInfinity];
        var scores = Enumerable.Range(0, classes).Select(_ => values[random.Next(values.Length)]).ToArray();
        var positions = Enumerable.Range(0, classes).Select(i => 2 * i).ToArray();
        var ranking = Ranking.Of(positions, scores, 2);
        float Rank(int i) => float.IsFinite(scores[i]) ? scores[i] : float.MinValue;
        var expected = Enumerable.Range(0, classes).OrderByDescending(Rank).ToArray();
        Assert.Equal(expected.Select(i => positions[i]), ranking.Positions);
        Assert.Equal(expected.Select(Rank), ranking.Scores);
        var weights = ranking.Scores.Select(score => Math.Exp(((double)score - ranking.Scores[0]) / 2)).ToArray();
        Assert.All(weights.Zip(ranking.Probabilities), pair => Assert.Equal(pair.First / weights.Sum(), pair.Second, 12));
    }

    [Fact]
    public void Preferred_classes_come_first_and_followers_come_last_in_their_order()
    {
        var all = Ranking.Of([0, 1, 2, 3], [1, 4, 2, 3]);
        Assert.Equal([2, 0, 1, 3], all.Preferring(position => position % 2 == 0).Positions);
        var followed = Ranking.Of([0, 2], [5, 6]).FollowedBy(all, [true, false, true, false]);
        Assert.Equal([2, 0, 1, 3], followed.Positions);
        Assert.Equal([6, 5, 4, 3], followed.Scores);
        Assert.Equal([0, 0], followed.Probabilities[2..]);
    }

    private static float[] Draw(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
}
