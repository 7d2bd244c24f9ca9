using FewShotCluster.Vision.Inference;
using static TorchSharp.torch;

namespace FewShotCluster.Bench.Encoders;

/// <summary>
/// A network's matrix products and nothing else, each by the fastest kernel at hand: what the network could reach if everything else took
/// no time. Winograd's convolutions, which multiply less, may reach more.
/// </summary>
internal sealed class ProductsAlone : IDisposable
{
    private readonly List<(FastestProduct Product, int Count)> products = [];
    private readonly bool isCpu;

    /// <summary>Tries the kernels for each shape, with the calling thread's number of torch threads.</summary>
    public ProductsAlone(IReadOnlyList<MatrixProduct> shapes, ComputePlan plan, int threads, CancellationToken cancellationToken)
    {
        isCpu = plan.IsCpu;
        foreach (var shape in shapes.GroupBy(p => p with { Count = 1 }))
        {
            cancellationToken.ThrowIfCancellationRequested();
            products.Add((new FastestProduct(shape.Key, plan, threads), shape.Sum(p => p.Count)));
        }
    }

    /// <summary>All of one call of the network.</summary>
    public void Run()
    {
        foreach (var (product, count) in products)
            for (var i = 0; i < count; i++) product.Run();
        if (!isCpu) cuda.synchronize();
    }

    public void Dispose()
    {
        foreach (var (product, _) in products) product.Dispose();
    }
}
