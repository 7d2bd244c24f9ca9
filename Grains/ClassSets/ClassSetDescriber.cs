using System.Globalization;
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
            ["proxies"] = encoder.FittedClasses.Length == 0
                ? "text"
                : Words($"InMaP of {encoder.FittedImages} unlabelled images, {encoder.FittedClasses.Length} classes"),
            ["probe"] = encoder.ProbeClasses.Length == 0
                ? "not fitted"
                : Words($"LP++ of {encoder.ProbeShots} shots, {encoder.ProbeClasses.Length} classes"),
            ["refiner"] = refiner is null
                ? "not fitted"
                : Words($"{refiner.Backbone.Name}, family '{refiner.Family}', {refiner.Shots} shots, {refiner.Classes.Length} classes"),
        };
    }

    private static string Words(FormattableString words) => words.ToString(CultureInfo.InvariantCulture);
}
