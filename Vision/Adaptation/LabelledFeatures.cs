using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>Features with the class of each; the tensors stay the caller's.</summary>
/// <param name="Features">[N,D], any floating-point type.</param>
/// <param name="Labels">[N], any integer type: the class index of each row.</param>
public sealed record LabelledFeatures(Tensor Features, Tensor Labels);
