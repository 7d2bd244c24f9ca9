using System.Globalization;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>A class set in words.</summary>
internal static class ClassSetDescriber
{
    public static ClassSetDescription Describe(ClassSetState state, FitStatus[] fits)
    {
        var fitted = state.Encoders.SelectMany(encoder => encoder.FittedClasses).ToHashSet();
        return new ClassSetDescription
        {
            ClassSetId = state.ClassSetId,
            Version = state.Version,
            Classes = state.Classes
                .Select((c, position) => new ClassDescription(c.Id, c.Name, c.Family, c.Shots, fitted.Contains(position)))
                .ToArray(),
            Policy = state.Policy,
            Serving = Serving(state),
            Fits = fits,
        };
    }

    private static Dictionary<string, string> Serving(ClassSetState state)
    {
        var encoder = state.Encoders[0];
        var refiner = state.Refiner;
        return new Dictionary<string, string>
        {
            ["text"] = Words($"prompts of {state.Classes.Length} classes by {string.Join(", ", state.Encoders.Select(e => e.Info.Name))}"),
            ["proxies"] = Proxies(state),
            ["gate"] = state.Policy.Gate switch
            {
                GateRule.Text => "text",
                GateRule.Seed when encoder.GateClasses.Length > 0 => Words($"the seed's InMaP, {encoder.GateClasses.Length} classes"),
                GateRule.Seed => "text until the seed's InMaP is fitted",
                _ => "proxies",
            },
            ["calibration"] = state.Calibration.Length == 0
                ? "none"
                : "temperatures " + string.Join(", ", state.Calibration.Select((stage, i) => Words($"{(CascadeStage)i} {stage.Temperature:0.00}"))),
            ["probe"] = encoder.ProbeClasses.Length == 0
                ? "not fitted"
                : Words($"LP++ of {encoder.ProbeShots} shots, {encoder.ProbeClasses.Length} classes"),
            ["refiner"] = refiner is null
                ? "not fitted"
                : Words($"{refiner.Backbone.Name}, family '{refiner.Family}', {refiner.Shots} shots, {refiner.Classes.Length} classes"),
        };
    }

    private static string Proxies(ClassSetState state) => (state.Policy.Proxies, state.Encoders[0].FittedClasses.Length, state.ProxyBasis) switch
    {
        (ProxyPolicy.Off, _, _) => "text: proxies are off",
        (_, 0, "") => "text",
        (_, 0, var reason) => $"text: {reason}",
        (ProxyPolicy.Frozen, _, var basis) => $"{basis}; frozen",
        (_, _, var basis) => basis,
    };

    private static string Words(FormattableString words) => words.ToString(CultureInfo.InvariantCulture);
}
