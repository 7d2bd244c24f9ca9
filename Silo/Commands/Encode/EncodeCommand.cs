using System.CommandLine;

namespace FewShotCluster.Silo.Commands.Encode;

/// <summary><c>fewshotd encode</c>: features without a cluster.</summary>
internal static class EncodeCommand
{
    public static Command Create() => new("encode", "Features of pictures, texts or preprocessed tensors, from weights on this machine.")
    {
        EncodeImages.Create(), EncodeTexts.Create(), EncodeTensors.Create(),
    };
}
