using FewShotCluster.Vision.Inference;

namespace FewShotCluster.Bench.Encoders;

/// <summary>
/// A network's matrix products and nothing else, each by the fastest kernel at hand: what the network could reach if everything else took
/// no time. Winograd's convolutions, which multiply less, may reach more.
/// </summary>
internal sealed class ProductsAlone : IDisposable
{
    private readonly List<(FastestProduct Product, int Count)> products = [];

    /// <summary>Tries the kernels for each shape, with the calling thread's number of torch threads.</summary>
    public ProductsAlone(IReadOnlyList<MatrixProduct> shapes, ComputePlan plan, int threads, CancellationToken cancellationToken)
    {
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
    }

    public void Dispose()
    {
        foreach (var (product, _) in products) product.Dispose();
    }
}
