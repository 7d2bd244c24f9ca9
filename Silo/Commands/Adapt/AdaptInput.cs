using FewShotCluster.Vision.Adaptation;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Silo.Commands.Adapt;

/// <summary>What every <c>adapt</c> verb is given.</summary>
/// <param name="Features">X [N,D], unit rows.</param>
/// <param name="Text">T [D,C].</param>
/// <param name="Labels">[N], if given: to learn from in a probe, only to judge by elsewhere.</param>
internal sealed record AdaptInput(Tensor Features, Tensor Text, long[]? Labels)
{
    public long Images => Features.shape[0];

    public long Classes => Text.shape[1];

    public long Dimension => Features.shape[1];

    public static AdaptInput Read(string features, string text, string? labels)
    {
        var x = AdaptFiles.Features(features);
        var t = AdaptFiles.Proxies(text, x);
        return new AdaptInput(x, t, labels is null ? null : AdaptFiles.Labels(labels, x.shape[0], t.shape[1]));
    }

    /// <summary>Share of the images that proxies [D,C] put into their class; null without labels.</summary>
    public double? Accuracy(Tensor proxies) =>
        Labels is null ? null : Scores.Accuracy(Scores.Proxies(Features, proxies), torch.tensor(Labels));

    /// <summary>Share of the images whose answer is their class; null without labels.</summary>
    public double? Accuracy(long[] answers) =>
        Labels is null ? null : Labels.Zip(answers).Count(pair => pair.First == pair.Second) / (double)Labels.Length;
}
