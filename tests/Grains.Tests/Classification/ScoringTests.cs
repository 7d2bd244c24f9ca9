using FewShotCluster.Grains.Classification;

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
