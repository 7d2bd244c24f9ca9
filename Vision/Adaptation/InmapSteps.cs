namespace FewShotCluster.Vision.Adaptation;

/// <summary>Steps of an <see cref="InmapFit"/> by what they are for, in their order.</summary>
/// <param name="Text">Scoring images by text.</param>
/// <param name="Sinkhorn">Balancing the labels.</param>
/// <param name="Descent">The target and the gradient steps.</param>
public readonly record struct InmapSteps(int Text, int Sinkhorn, int Descent)
{
    /// <summary>All of them.</summary>
    public int Total => Text + Sinkhorn + Descent;
}
