using System.CommandLine;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Models;

namespace FewShotCluster.Silo.Commands.Models;

/// <summary>The option <c>--activation</c> of verbs that are given CLIP weights, which do not tell it themselves.</summary>
internal static class ActivationOption
{
    private static readonly Dictionary<string, ClipActivation> Values = new()
    {
        ["quickGelu"] = ClipActivation.QuickGelu,
        ["gelu"] = ClipActivation.Gelu,
    };

    public static Option<string?> Create()
    {
        var option = new Option<string?>("--activation")
        {
            Description = "CLIP: what the weights were trained with, quickGelu (OpenAI) or gelu (most of LAION's). "
                + "By default it is told from digest or file name, or else quickGelu.",
        };
        option.AcceptOnlyFromAmong([.. Values.Keys]);
        return option;
    }

    public static ClipActivation? Parse(string? value) => value is null ? null : Values[value];

    public static string Name(ClipActivation activation) => Values.First(pair => pair.Value == activation).Key;

    /// <summary>What a weights file was trained with, as far as its content or name is known.</summary>
    public static ClipActivation Of(string weights)
    {
        var name = Path.GetFileName(weights);
        var published = PublishedModels.Recognise(InputFile.Reading(weights, () => FileDigest.Sha256(weights)), name);
        return published?.Activation ?? (Contains("laion") && !Contains("quickgelu") ? ClipActivation.Gelu : ClipActivation.QuickGelu);

        // open_clip itself names its QuickGELU models so; its other names say nothing about the activation.
        bool Contains(string part) => name.Contains(part, StringComparison.OrdinalIgnoreCase);
    }
}
