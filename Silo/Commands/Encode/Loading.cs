namespace FewShotCluster.Silo.Commands.Encode;

/// <summary>The first step of every <c>encode</c> verb.</summary>
internal static class Loading
{
    private const string Step = "loading weights";

    public static LoadedModel Run(EncodeSettings settings, Action<string, double> progress)
    {
        progress(Step, 0);
        var model = LoadedModel.Load(settings.Weights, settings.Prepare(), settings.Activation);
        progress(Step, 1);
        return model;
    }
}
