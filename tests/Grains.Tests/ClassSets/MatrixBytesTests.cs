using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace FewShotCluster.Grains.Tests.ClassSets;

public sealed class MatrixBytesTests
{
    private const int Row = 2048;

    /// <summary>Random appends to random earlier matrices; each stays what it was made of, and has the addresses of those bytes.</summary>
    [Fact]
    public void Appending_never_changes_a_matrix_and_its_blocks_are_those_of_its_bytes()
    {
        var random = new Random(1);
        var made = new List<(MatrixBytes Matrix, byte[] Expected)> { (new MatrixBytes(Draw(random, 100)), []) };
        made[0] = (made[0].Matrix, made[0].Matrix.ToArray());
        for (var i = 0; i < 120; i++)
        {
            // Mostly the newest, as writes do; now and then an older one, as after a write that failed.
            var (from, bytes) = random.Next(4) == 0 ? made[random.Next(made.Count)] : made[^1];
            var tail = Draw(random, random.Next(4));
            made.Add((from.Append(tail), [.. bytes, .. tail]));
        }
        foreach (var (matrix, expected) in made)
        {
            Assert.True(matrix.Span.SequenceEqual(expected));
            Assert.Equal(new MatrixBytes(expected).Blocks, matrix.Blocks);
            Assert.Equal(matrix.Blocks, Enumerable.Range(0, matrix.Blocks.Length).Select(block => ContentKey.Of(matrix.Block(block).Span)));
        }
        foreach (var (one, other) in made.SelectMany(_ => made, (a, b) => (a.Matrix, b.Matrix)))
            Assert.True(!one.IsGrownFrom(other) || one.Span.StartsWith(other.Span));
    }

    [Fact]
    public void Rows_that_are_added_lie_in_the_same_memory_and_only_once()
    {
        var random = new Random(2);
        var first = new MatrixBytes(Draw(random, 1000)).Append(Draw(random, 1));
        var (mine, other) = (first.Append(Draw(random, 1)), first.Append(Draw(random, 1)));
        Assert.True(mine.IsGrownFrom(first));
        Assert.False(other.IsGrownFrom(first));
        Assert.False(first.IsGrownFrom(mine));
        Assert.True(first.IsGrownFrom(first));
        Assert.True(mine.Span.Overlaps(first.Span));
        Assert.False(other.Span.Overlaps(first.Span));
        Assert.Same(mine, mine.Append([]));
    }

    [Fact]
    public void Of_many_who_append_to_one_matrix_each_gets_its_own_rows()
    {
        var first = new MatrixBytes(new byte[Row]).Append(new byte[Row]);
        var made = new MatrixBytes[64];
        Parallel.For(0, made.Length, i => made[i] = first.Append(Enumerable.Repeat((byte)i, Row).ToArray()));
        for (var i = 0; i < made.Length; i++) Assert.Equal(-1, made[i].Span[(2 * Row)..].IndexOfAnyExcept((byte)i));
    }

    [Fact]
    public void It_travels_as_its_own_bytes_alone()
    {
        using var services = new ServiceCollection().AddSerializer(builder => builder.AddAssembly(typeof(MatrixBytes).Assembly)).BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer<MatrixBytes>>();
        var random = new Random(3);
        var matrix = new MatrixBytes(Draw(random, 200)).Append(Draw(random, 1));
        matrix.Append(Draw(random, 1));
        var bytes = serializer.SerializeToArray(matrix);
        Assert.InRange(bytes.Length, 201 * Row, 201 * Row + 200);
        var back = serializer.Deserialize(bytes)!;
        Assert.Equal(matrix.ToArray(), back.ToArray());
        Assert.Equal(matrix.Blocks, back.Blocks);
        Assert.Equal(202 * Row, back.Append(Draw(random, 1)).Length);
    }

    [Fact]
    public void The_store_gets_the_blocks_that_are_new()
    {
        var random = new Random(4);
        var (all, added) = (new List<Block>(), new List<Block>());
        var stored = StoredBytes.New(Draw(random, 300), all);
        Assert.Equal(10, all.Count);
        var grown = stored.With(Draw(random, 1), added);
        Assert.Equal(grown.Payload.Blocks[9], Assert.Single(added).Key);
        Assert.Equal(stored.Payload.Blocks[..9], grown.Payload.Blocks[..9]);
        Assert.Equal(301 * Row, grown.Payload.Length);
        Assert.Equal(grown.Bytes!.ToArray(), Blocks.Join(grown.Payload, all.Concat(added).ToDictionary(block => block.Key, block => block.Bytes.ToArray())));
    }

    private static byte[] Draw(Random random, int rows)
    {
        var bytes = new byte[rows * Row];
        random.NextBytes(bytes);
        return bytes;
    }
}
