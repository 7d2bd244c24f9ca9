using System.Globalization;
using FewShotCluster.Grains.ClassSets.Fits;
using FewShotCluster.Vision.Adaptation;
using FewShotCluster.Vision.Numerics;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Grains.Adaptation;

/// <summary>
/// From an unlabelled pool to proxies that may be served, or the reason why text is served instead. The cluster's refits and
/// <c>adapt stream</c> run this same code.
/// </summary>
/// <remarks>
/// Gates: enough images, enough of the classes in them, no loss on labelled images against text and against what is served. Classes
/// that the pool does not show are left out of the fit and stay with text, as new names do: uniform pseudo-labels would else force
/// other classes' images into them.
/// </remarks>
internal sealed class ProxyLearner(IFitRunner runner)
{
    /// <exception cref="FitRefusedException">A gate said no.</exception>
    /// <exception cref="AdaptationException">The numbers are no longer finite.</exception>
    public async Task<ProxyCandidate> Learn(ProxyProblem problem, Action<double> report, CancellationToken cancellationToken)
    {
        if (problem.Classes == 0) throw new FitRefusedException("the set has no classes: add names first");
        if (problem.Rules.Seed) return await LearnAsSeed(problem, report, cancellationToken);
        // The count alone may refuse: full coverage is assumed until it is measured.
        var method = Method(problem);
        var presence = await runner.Run(() => Presence.Of(problem, runner.Device), cancellationToken);
        Refuse(InmapGate.Decide(
            method == ProxyMethod.OnZeta ? InmapGate.MinimumImagesPerClass * problem.Classes : problem.Images,
            problem.Classes,
            presence.Coverage));
        var encoders = new ServedProxies[problem.Encoders.Length];
        for (var e = 0; e < encoders.Length; e++)
        {
            var part = e;
            encoders[e] = await Fit(
                problem, problem.Encoders[e], presence, method, done => report((part + done) / encoders.Length), cancellationToken);
        }
        var shadow = ShadowTest.Run(problem, encoders);
        Judge(shadow, method);
        var words = string.Create(
            CultureInfo.InvariantCulture,
            $"{Name(method)} of {problem.Images} unlabelled images, {presence.Covered.Length} of {problem.Classes} classes, "
            + $"coverage {presence.Coverage:P0}{Words(shadow)}");
        return new ProxyCandidate(encoders, words);
    }

    public static string Name(ProxyMethod method) => method switch
    {
        ProxyMethod.OnZeta => "OnZeta",
        ProxyMethod.SeedInmap => "the seed's InMaP",
        _ => "InMaP",
    };

    /// <summary>The seed fits whatever it is given: all images, all classes.</summary>
    private async Task<ProxyCandidate> LearnAsSeed(ProxyProblem problem, Action<double> report, CancellationToken cancellationToken)
    {
        if (problem.Images == 0) throw new FitRefusedException("text proxies: there are no unlabelled images yet");
        int[] classes = [.. Enumerable.Range(0, problem.Classes)];
        var encoders = new ServedProxies[problem.Encoders.Length];
        for (var e = 0; e < encoders.Length; e++)
        {
            var (part, encoder) = (e, problem.Encoders[e]);
            encoders[e] = await runner.Run(
                () => new SeedInmapFit(
                    FitMatrix.Read(encoder.Images, encoder.Dimension, runner.Device),
                    FitMatrix.Read(encoder.Text, encoder.Dimension, runner.Device).t()),
                result => new ServedProxies(classes, FitMatrix.Bytes(result.Second.Proxies.t()), ProxyMethod.SeedInmap, 0),
                done => report((part + done) / encoders.Length),
                cancellationToken);
        }
        var words = string.Create(
            CultureInfo.InvariantCulture, $"the seed's InMaP of {problem.Images} unlabelled images, {problem.Classes} classes, no gates");
        return new ProxyCandidate(encoders, words);
    }

    private Task<ServedProxies> Fit(
        ProxyProblem problem, EncoderPool encoder, Presence presence, ProxyMethod method, Action<double> report,
        CancellationToken cancellationToken)
    {
        var classes = presence.Covered;
        var (images, text) = (
            FitMatrix.Rows(encoder.Images, encoder.Dimension, presence.Rows), FitMatrix.Rows(encoder.Text, encoder.Dimension, classes));
        Tensor Images() => FitMatrix.Read(images, encoder.Dimension, runner.Device);
        Tensor Text() => FitMatrix.Read(text, encoder.Dimension, runner.Device).t();
        var (textTemperature, imageTemperature) =
            (problem.Rules.TextTemperature / encoder.LogitScale, problem.Rules.ImageTemperature / encoder.LogitScale);
        if (method == ProxyMethod.OnZeta)
            return runner.Run(
                () => new OnZetaFit(
                    Images(), Text(), OnZetaOptions.Paper with { TextTemperature = textTemperature, ImageTemperature = imageTemperature }),
                // OnZeta answers by vision and text together: early on its proxies alone are far behind text.
                result => new ServedProxies(classes, FitMatrix.Bytes(result.Proxies.Plus(Text()).Times(0.5).t()), method, 0),
                report,
                cancellationToken);
        var warm = encoder.Served is { Method: ProxyMethod.Inmap } served && served.Classes.SequenceEqual(classes) ? served : null;
        var options = InmapOptions.Paper with
        {
            TextTemperature = textTemperature,
            ImageTemperature = imageTemperature,
            Iterations = warm is null ? problem.Rules.Iterations : Math.Min(problem.Rules.Iterations, problem.Rules.WarmIterations),
        };
        return runner.Run(
            () => new InmapFit(Images(), Text(), options, Start()),
            result => new ServedProxies(classes, FitMatrix.Bytes(result.Proxies.t()), method, result.LearningRate),
            report,
            cancellationToken);

        InmapStart? Start() => warm is null
            ? null
            : new InmapStart(FitMatrix.Read(warm.Values, encoder.Dimension, runner.Device).t(), warm.LearningRate);
    }

    /// <summary>InMaP where the pool is large enough for it; OnZeta on less, but only where labelled photos can confirm it.</summary>
    private static ProxyMethod Method(ProxyProblem problem)
    {
        var decision = InmapGate.Decide(problem.Images, problem.Classes, coverage: 1);
        if (decision.Serve) return ProxyMethod.Inmap;
        if (problem.Shots is null || problem.Images < (long)problem.Rules.OnZetaImagesPerClass * problem.Classes) Refuse(decision);
        return ProxyMethod.OnZeta;
    }

    private static void Refuse(InmapGateDecision decision)
    {
        if (!decision.Serve) throw new FitRefusedException(decision.Reason);
    }

    private static void Judge(ShadowTest? shadow, ProxyMethod method)
    {
        if (shadow is null) return;
        var name = Name(method);
        if (shadow.Candidate < shadow.Text)
            throw new FitRefusedException(string.Create(
                CultureInfo.InvariantCulture,
                $"text proxies: of {shadow.Images} labelled photos {name} has {shadow.Candidate:P1} right, text {shadow.Text:P1}"));
        if (shadow.IsWorseThanServed)
            throw new FitRefusedException(string.Create(
                CultureInfo.InvariantCulture,
                $"what is served stays: it has {shadow.Served:P1} of {shadow.Images} labelled photos right, the refit {shadow.Candidate:P1}"));
    }

    private static string Words(ShadowTest? shadow) => shadow is null
        ? ""
        : string.Create(
            CultureInfo.InvariantCulture, $"; on {shadow.Images} labelled photos {shadow.Candidate:P1} right, text {shadow.Text:P1}");
}
