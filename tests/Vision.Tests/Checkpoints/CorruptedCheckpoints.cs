using FewShotCluster.Bench.Robustness;
using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Checkpoints;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Tests.Checkpoints;

/// <summary>Damage by accident: a cut or flipped file is refused by a <see cref="CheckpointException"/> or read.</summary>
public sealed class CorruptedCheckpoints : IDisposable
{
    private const int Lengths = 60, Flips = 300;
    private readonly string folder = Directory.CreateTempSubdirectory("fewshot-corrupt-").FullName;

    public static TheoryData<string> Files => new("zip", "stream", "safetensors", "clip-vit-mini.pt", "convnextv2-tiny.legacy.pt");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [MemberData(nameof(Files))]
    public void Cut_files_are_refused(string file)
    {
        var whole = Whole(file);
        for (var i = 0; i < Lengths; i++)
        {
            var length = (int)((long)whole.Length * i / Lengths);
            Assert.True(Refused(whole.AsSpan(0, length)), $"the first {length} of {whole.Length} bytes were read as a whole checkpoint");
        }
        Assert.True(Refused(whole.AsSpan(0, whole.Length - 1)), "all but the last byte were read as a whole checkpoint");
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Flipped_bits_are_refused_or_read(string file)
    {
        var bytes = Whole(file);
        var random = new Random(20261123);
        for (var i = 0; i < Flips; i++)
        {
            // Headers, pickles and directories lie at the ends, and are where a flip can do more than change a weight.
            var at = (i % 3) switch
            {
                0 => random.Next(bytes.Length),
                1 => random.Next(Math.Min(bytes.Length, 8192)),
                _ => bytes.Length - 1 - random.Next(Math.Min(bytes.Length, 8192)),
            };
            var mask = (byte)(1 << random.Next(8));
            bytes[at] ^= mask;
            Refused(bytes);
            bytes[at] ^= mask;
        }
        Assert.False(Refused(bytes));
    }

    [Fact]
    public void An_empty_tensor_of_impossible_sides_is_refused()
    {
        var header = """{"a":{"dtype":"F32","shape":[0,4611686018427387904,8],"data_offsets":[0,0]}}"""u8;
        Assert.True(Refused([.. BitConverter.GetBytes((long)header.Length), .. header]));
    }

    private bool Refused(ReadOnlySpan<byte> bytes)
    {
        var path = Path.Combine(folder, "damaged");
        File.WriteAllBytes(path, bytes);
        try
        {
            using var checkpoint = Checkpoint.Open(path);
            foreach (var name in checkpoint.Tensors.Keys) checkpoint.Read(name).Dispose();
            return false;
        }
        catch (CheckpointException)
        {
            return true;
        }
    }

    private byte[] Whole(string file)
    {
        var path = Path.Combine(folder, "whole");
        switch (file)
        {
            case "zip": TorchFiles.WriteZip(path, TorchFiles.Sample); break;
            case "stream": TorchFiles.WriteStream(path, TorchFiles.Sample); break;
            case "safetensors":
                using (var scope = NewDisposeScope())
                {
                    var tensors = new Dictionary<string, Tensor> { ["a"] = ones(3, 4), ["b"] = zeros(5), ["c"] = tensor(1L) };
                    SafetensorsWriter.Write(path, tensors);
                }
                break;
            default: path = ReferenceData.Reference("models", file); break;
        }
        return File.ReadAllBytes(path);
    }
}
