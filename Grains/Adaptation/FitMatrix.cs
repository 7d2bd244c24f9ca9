using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.Grains.Devices;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Grains.Adaptation;

/// <summary>Matrices between the bytes of a state and a device.</summary>
internal static class FitMatrix
{
    /// <summary>[rows, columns] float32 on the device, from row-major bytes.</summary>
    public static Tensor Read(MatrixBytes rowMajor, int columns, torch.Device device)
    {
        var values = rowMajor.AsFloats().ToArray();
        return torch.tensor(values, [values.Length / columns, columns]).to(device);
    }

    /// <summary>Row-major float32 bytes.</summary>
    public static byte[] Bytes(Tensor tensor) =>
        FloatBytes.From(tensor.to(torch.ScalarType.Float32).cpu().contiguous().data<float>().ToArray());

    public static Tensor Indices(int[] positions, torch.Device device) =>
        torch.tensor(positions.Select(position => (long)position).ToArray()).to(device);

    /// <summary>Some rows of a row-major matrix, in the given order.</summary>
    public static byte[] Rows(MatrixBytes matrix, int columns, int[] rows)
    {
        var size = columns * sizeof(float);
        var chosen = new byte[rows.Length * size];
        for (var i = 0; i < rows.Length; i++) matrix.Span.Slice(rows[i] * size, size).CopyTo(chosen.AsSpan(i * size));
        return chosen;
    }
}
