namespace FewShotCluster.Demo.World;

/// <summary>Draws the demo world: a picture is a function of what it shows and of a seed.</summary>
public static class WorldRenderer
{
    /// <summary>A 128 x 128 JPEG.</summary>
    public static byte[] Render(PictureSpec spec, ulong seed) => PicturePainter.Paint(PictureComposer.Compose(spec, seed));
}
