using System.Globalization;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Storage;
using FewShotCluster.Vision.Adaptation;
using FewShotCluster.Vision.Numerics;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Grains.ClassSets.Fits;

/// <summary>InMaP proxies of all classes from the unlabelled pool, behind the gate on the pool's size and coverage.</summary>
internal sealed class ProxiesFit(PoolReader pool, DeviceSlots slots) : IClassSetFit
{
    public async Task<FitOutcome> Run(ClassSetState basis, FitRun run, CancellationToken cancellationToken)
    {
        if (basis.Classes.Length == 0) throw new FitRefusedException("the set has no classes: add names first");
        var images = await pool.Read(basis, cancellationToken);
        // The count alone may refuse: full coverage is assumed until it is measured.
        Refuse(InmapGate.Decide(images.Count, basis.Classes.Length, coverage: 1));
        var worker = slots.LeastBusy().Worker;
        var coverage = await DeviceFit.Run(worker, () => Coverage(basis, images, worker.Device), cancellationToken);
        Refuse(InmapGate.Decide(images.Count, basis.Classes.Length, coverage));

        var proxies = new byte[basis.Encoders.Length][];
        for (var e = 0; e < proxies.Length; e++)
        {
            var part = e;
            proxies[e] = await Fit(basis, images, e, worker, done => run.Report(part, proxies.Length, done), cancellationToken);
        }
        int[] classes = [.. Enumerable.Range(0, basis.Classes.Length)];
        var words = string.Create(
            CultureInfo.InvariantCulture, $"InMaP of {images.Count} unlabelled images, {classes.Length} classes, coverage {coverage:P0}");
        return new FitOutcome(classes, Merge, words);

        ClassSetState Merge(ClassSetState current, List<Block> blocks) => current with
        {
            Encoders =
            [
                .. current.Encoders.Select((encoder, e) => encoder with
                {
                    FittedClasses = classes,
                    Proxies = StoredBytes.New(proxies[e], blocks),
                    FittedImages = images.Count,
                }),
            ],
        };
    }

    private static void Refuse(InmapGateDecision decision)
    {
        if (!decision.Serve) throw new FitRefusedException(decision.Reason);
    }

    /// <summary>Share of the classes that the pool seems to show, by the fused text soft labels.</summary>
    private static double Coverage(ClassSetState basis, PooledImages images, torch.Device device)
    {
        Tensor? labels = null;
        for (var e = 0; e < basis.Encoders.Length; e++)
        {
            var (encoder, dimension) = (basis.Encoders[e], basis.Encoders[e].Info.Dimension);
            var features = DeviceFit.Matrix(images.Features[e], dimension, device);                 // [N,D]
            var text = DeviceFit.Matrix(encoder.TextProxies.Bytes!, dimension, device).t();         // [D,C]
            var own = Scores.SoftLabels(features, text, basis.Policy.InmapTextTemperature / encoder.Info.LogitScale)
                .Times(encoder.ProxyShare);
            labels = labels is null ? own : labels + own;                                           // [N,C]
        }
        return InmapGate.Coverage(labels!);
    }

    private static Task<byte[]> Fit(
        ClassSetState basis, PooledImages images, int e, DeviceWorker worker, Action<double> report, CancellationToken cancellationToken)
    {
        var (encoder, dimension) = (basis.Encoders[e], basis.Encoders[e].Info.Dimension);
        var options = InmapOptions.Paper with
        {
            TextTemperature = basis.Policy.InmapTextTemperature / encoder.Info.LogitScale,
            ImageTemperature = basis.Policy.InmapImageTemperature / encoder.Info.LogitScale,
            Iterations = basis.Policy.InmapIterations,
        };
        return DeviceFit.Run(
            worker,
            () => new InmapFit(
                DeviceFit.Matrix(images.Features[e], dimension, worker.Device),
                DeviceFit.Matrix(encoder.TextProxies.Bytes!, dimension, worker.Device).t(),
                options),
            result => DeviceFit.Bytes(result.Proxies.t()),
            report,
            cancellationToken);
    }
}
