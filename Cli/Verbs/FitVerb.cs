using System.CommandLine;
using FewShotCluster.Cli.Inputs;
using FewShotCluster.Cli.Output;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot fit ID [--preset paper|seed] [--validation LIST --images DIR]</c>, <c>fewshot fit ID --cancel</c></summary>
internal static class FitVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        var preset = FitView.Preset();
        var validation = new Option<string?>("--validation")
        {
            Description = "List of 'path,label' or 'path label': the best epoch of LP++ is chosen on these photos, as in the seed.",
        };
        var images = new Option<string?>("--images") { Description = "Folder that the paths of --validation are relative to." };
        var cancel = FitView.Cancel();
        var command = new Command("fit", "Fits LP++ (and the refiner's head) to the shots and waits for it.") { id, preset, validation, images, cancel };
        return command.Runs(shared, async (call, token) =>
        {
            var (list, folder) = (call.Get(validation), call.Get(images));
            if (list is null != folder is null) throw Invalid("--validation and --images go together");
            if (call.Get(cancel))
                return await FitView.RunAsync(call, "cancelling", (client, _) => client.CancelFitAsync(call.Get(id), FitKind.Shots, token), token);
            var options = new FitOptions { Preset = FitView.Of(call.Get(preset)) };
            var left = new List<FailedInput>();
            LabelledPhotos? photos = null;
            var exit = await FitView.RunAsync(
                call,
                "fitting",
                async (client, progress) =>
                {
                    if (list is not null)
                    {
                        photos = await LabelledPhotos.OfAsync(client, call.Get(id), ShotList.Read(list), ImageFolder.Check(folder!), token);
                        options = options with { Validation = photos.ReadAsync(token), ValidationFailed = left.Add };
                    }
                    return await client.FitAsync(call.Get(id), options, progress, token);
                },
                token);
            return photos is null ? exit : ExitCodes.OfInputs(call.Context, [.. photos.Unreadable, .. left], photos.Count);
        });
    }

    private static FewShotException Invalid(string message) => new(FewShotErrorCode.InvalidArgument, message);
}
