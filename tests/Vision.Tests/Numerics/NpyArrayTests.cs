using System.Buffers.Binary;
using FewShotCluster.Vision.Numerics;

namespace FewShotCluster.Vision.Tests.Numerics;

/// <summary>Arrays of every number type that other tools write.</summary>
public sealed class NpyArrayTests
{
    [Theory]
    [InlineData("|i1", 1, sbyte.MinValue, sbyte.MaxValue)]
    [InlineData("<i2", 2, short.MinValue, short.MaxValue)]
    [InlineData("<i4", 4, int.MinValue, int.MaxValue)]
    [InlineData("<i8", 8, long.MinValue, long.MaxValue)]
    [InlineData("|u1", 1, 0, byte.MaxValue)]
    [InlineData("<u2", 2, 0, ushort.MaxValue)]
    [InlineData("<u4", 4, 0, uint.MaxValue)]
    [InlineData("<u8", 8, 0, long.MaxValue)]
    public void Whole_numbers_of_every_size_are_read_exactly(string descriptor, int size, long least, long most)
    {
        long[] values = [least, most, 1, most - 1];
        var array = RoundTrip(new NpyArray(descriptor, [values.Length], Bytes(size, values)));
        Assert.Equal(descriptor, array.Descriptor);
        Assert.Equal(values, array.ToInt64s());
        Assert.Equal(values.Select(v => (double)v), array.ToDoubles());
        Assert.Equal(values.Select(v => (float)v), array.ToSingles());
    }

    [Fact]
    public void What_int64_cannot_hold_is_refused()
    {
        var array = RoundTrip(new NpyArray("<u8", [2], Bytes(8, 7, -1)));
        Assert.Contains("18446744073709551615 is beyond int64", Assert.Throws<InvalidDataException>(() => array.ToInt64s()).Message);
        Assert.Equal([7, ulong.MaxValue], array.ToDoubles());
        foreach (var value in new[] { 0.5, 1e19, double.NaN, double.PositiveInfinity })
            Assert.Throws<InvalidDataException>(() => NpyArray.From([value]).ToInt64s());
        Assert.Equal([-3], NpyArray.From([-3f]).ToInt64s());
    }

    [Fact]
    public void Types_that_are_no_such_numbers_are_refused()
    {
        foreach (var descriptor in new[] { ">i2", "<c8", "<U4", "<M8[ns]" })
        {
            var refusal = Assert.Throws<InvalidDataException>(() => RoundTrip(new NpyArray(descriptor, [1], new byte[16])));
            Assert.Contains(descriptor, refusal.Message);
        }
    }

    private static byte[] Bytes(int size, params long[] values)
    {
        var eight = new byte[8];
        return
        [
            .. values.SelectMany(value =>
            {
                BinaryPrimitives.WriteInt64LittleEndian(eight, value);
                return eight[..size];
            }),
        ];
    }

    private static NpyArray RoundTrip(NpyArray array)
    {
        using var file = new MemoryStream();
        array.Write(file);
        file.Position = 0;
        return NpyArray.Read(file, "array.npy");
    }
}
