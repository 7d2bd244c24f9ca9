using FewShotCluster.Vision.Numerics;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// How each learned thing scores images. Features are [N,D] and, but for <see cref="Linear"/>, unit-length rows; results are
/// fresh [N,C] tensors in the enclosing dispose scope.
/// </summary>
public static class Scores
{
    /// <summary>Every row scaled to unit length, as the methods here do to image features before anything else.</summary>
    /// <exception cref="AdaptationException">Empty, not finite, or a zero row.</exception>
    public static Tensor UnitRows(Tensor features)
    {
        using var scope = torch.NewDisposeScope();
        return Check.UnitRows(features, "features").MoveToOuterDisposeScope();
    }

    /// <summary>Cosine scores <c>X T</c> against text or vision proxies [D,C].</summary>
    public static Tensor Proxies(Tensor features, Tensor proxies) => features.matmul(proxies);

    /// <summary>Soft labels <c>softmax(X T / temperature)</c>: each image's distribution over the classes, from proxies [D,C].</summary>
    public static Tensor SoftLabels(Tensor features, Tensor proxies, double temperature)
    {
        Check.Positive(temperature, "temperature");
        using var scope = torch.NewDisposeScope();
        return Proxies(features, proxies).Over(temperature).softmax(1).MoveToOuterDisposeScope();
    }

    /// <summary>LP++ logits <c>f W^T + b + alpha (f . t)</c> with text proxies [D,C] (LP++, equation 1).</summary>
    public static Tensor Probe(Tensor features, Tensor textProxies, ProbeWeights probe)
    {
        using var scope = torch.NewDisposeScope();
        return features.matmul(probe.W.t()).Plus(probe.Bias).Plus(probe.Alpha * features.matmul(textProxies)).MoveToOuterDisposeScope();
    }

    /// <summary>Logits <c>f W^T + b</c> of a linear head over features that are not normalised.</summary>
    public static Tensor Linear(Tensor features, LinearHead head)
    {
        using var scope = torch.NewDisposeScope();
        return features.matmul(head.W.t()).Plus(head.Bias).MoveToOuterDisposeScope();
    }

    /// <summary>Share of rows whose best class is the label; labels [N], any integer type.</summary>
    public static double Accuracy(Tensor scores, Tensor labels)
    {
        using var scope = torch.NewDisposeScope();
        var right = scores.argmax(1) == labels.to(torch.ScalarType.Int64).to(scores.device);
        return right.to(torch.ScalarType.Float64).mean().item<double>();
    }
}
