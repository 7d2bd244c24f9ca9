using System.CommandLine;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Encoders;

namespace FewShotCluster.Silo.Commands.Models;

/// <summary>The verdict on a model; no problem: it can be served.</summary>
internal sealed record VerifiedModel(string Name, ModelKind Kind, string? Problem);

/// <summary><c>models verify --json</c>.</summary>
internal sealed record Verification(string Folder, IReadOnlyList<VerifiedModel> Models);

/// <summary><c>fewshotd models verify</c>: whether every model of a folder is what the manifest says, and can be served.</summary>
internal static class ModelsVerify
{
    public static Command Create()
    {
        var (folder, json) = (ModelsCommand.FolderOption(), LocalVerb.JsonOption());
        var command = new Command("verify", "Checks digests, and that every model loads and encodes.") { folder, json };
        command.SetAction((parsed, token) => RunAsync(parsed.GetValue(folder)!, parsed.GetValue(json), token));
        return command;
    }

    private static async Task<int> RunAsync(string folder, string? json, CancellationToken cancellationToken)
    {
        OutputFile.Check("--json", json);
        var verification = await LocalVerb.RunAsync(json, (progress, stop) => Verify(folder, progress, stop), cancellationToken);
        foreach (var model in verification.Models) LocalVerb.Story(json).WriteLine($"{model.Name}: {model.Problem ?? "ok"}");
        OutputFile.WriteJson(json, verification);
        var bad = verification.Models.Where(m => m.Problem is not null).ToList();
        return bad.Count == 0 ? 0 : CommandRunner.Fail(new FewShotException(
            FewShotErrorCode.ModelUnavailable,
            $"{bad.Count} of {verification.Models.Count} models cannot be served; {bad[0].Name}: {bad[0].Problem}"));
    }

    private static Verification Verify(string folder, Action<string, double> progress, CancellationToken cancellationToken)
    {
        var manifest = ModelManifest.Load(folder);
        var verdicts = new List<VerifiedModel>();
        foreach (var model in manifest.Models)
        {
            cancellationToken.ThrowIfCancellationRequested();
            verdicts.Add(new VerifiedModel(model.Name, model.Kind, Problem(manifest, model)));
            progress("verifying", (double)verdicts.Count / manifest.Models.Count);
        }
        return new Verification(Path.GetFullPath(folder), verdicts);
    }

    private static string? Problem(ModelManifest manifest, ModelEntry model)
    {
        try
        {
            manifest.VerifyWeights(model);
            var vocabulary = model.Vocabulary is { } file ? manifest.Resolve(file) : null;
            ModelProof.Check(model.Kind, manifest.Resolve(model.Weights), vocabulary, model.Resolution, model.Activation);
            return null;
        }
        catch (Exception e) when (e is CheckpointException or FewShotException)
        {
            return e.Message;
        }
    }
}
