namespace FewShotCluster.Vision.Imaging;

/// <summary>The kernels of Pillow's resampling that the encoders were trained with.</summary>
public enum ResampleFilter
{
    /// <summary>Triangle, support 1.</summary>
    Bilinear,

    /// <summary>Cubic convolution with a = -0.5 (Keys 1981), support 2.</summary>
    Bicubic,
}
