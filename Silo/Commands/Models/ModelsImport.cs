using System.CommandLine;
using System.Text.RegularExpressions;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Models;

namespace FewShotCluster.Silo.Commands.Models;

/// <summary><c>fewshotd models import</c>: takes weights into a models folder, once they are shown to work.</summary>
internal static partial class ModelsImport
{
    public static Command Create()
    {
        var name = new Option<string>("--name") { Description = "The model's name in class sets and answers.", Required = true };
        name.Validators.Add(result =>
        {
            if (!NamePattern().IsMatch(result.GetValueOrDefault<string>() ?? ""))
                result.AddError("--name: letters, digits, '.', '_' and '-', at most 64, the first a letter or digit");
        });
        var kind = new Option<string>("--kind") { Description = "What the weights are.", Required = true };
        kind.AcceptOnlyFromAmong("clip", "convnext");
        var weights = new Option<string>("--weights") { Description = "The checkpoint.", Required = true };
        var vocabulary = new Option<string?>("--vocab") { Description = "clip: BPE merges, plain or gzip." };
        var resolution = NumberOption.Optional(
            "--resolution", $"convnext: input side in pixels; {RefinerEncoder.DefaultResolution} by default.", 32, 2048);
        var activation = ActivationOption.Create();
        var folder = ModelsCommand.FolderOption();
        var command = new Command("import", "Takes weights into a models folder.")
        {
            name, kind, weights, vocabulary, resolution, activation, folder,
        };
        command.SetAction((parsed, token) =>
        {
            var isClip = parsed.GetValue(kind) == "clip";
            if (isClip && parsed.GetValue(vocabulary) is null) throw LocalVerb.Invalid("--kind clip needs --vocab");
            if (!isClip && parsed.GetValue(vocabulary) is not null) throw LocalVerb.Invalid("--vocab goes with --kind clip only");
            if (isClip && parsed.GetValue(resolution) is not null)
                throw LocalVerb.Invalid("--resolution goes with --kind convnext only: a CLIP's weights tell theirs");
            if (!isClip && parsed.GetValue(activation) is not null)
                throw LocalVerb.Invalid("--activation goes with --kind clip only: a ConvNeXt has one activation");
            return RunAsync(parsed.GetValue(folder)!, parsed.GetValue(name)!, isClip ? ModelKind.Clip : ModelKind.ConvNeXt,
                parsed.GetValue(weights)!, parsed.GetValue(vocabulary), parsed.GetValue(resolution),
                ActivationOption.Parse(parsed.GetValue(activation)), token);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        string folder, string name, ModelKind kind, string weights, string? vocabulary, int? resolution,
        ClipActivation? activation, CancellationToken cancellationToken)
    {
        var entry = await LocalVerb.RunAsync(null, (progress, stop) =>
        {
            using var target = ModelsFolder.Open(folder);
            target.CheckFree(name);
            progress("checking", 0);
            var used = ModelProof.Check(kind, weights, vocabulary, resolution, activation);
            progress("checking", 1);
            using var copiedWeights = target.Copy(
                weights, name + Path.GetExtension(weights).ToLowerInvariant(), share => progress("copying", share), stop);
            var isGzip = vocabulary?.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ?? false;
            using var copiedVocabulary = vocabulary is null ? null
                : target.Copy(vocabulary, $"{name}.merges.txt{(isGzip ? ".gz" : "")}", null, stop);
            stop.ThrowIfCancellationRequested();
            var added = new ModelEntry(
                name, kind, copiedWeights.Name, copiedVocabulary?.Name, copiedWeights.Sha256,
                kind == ModelKind.ConvNeXt ? resolution ?? RefinerEncoder.DefaultResolution : null,
                PublishedModels.Recognise(copiedWeights.Sha256, Path.GetFileName(weights))?.Licence, used ?? default);
            copiedWeights.Keep();
            copiedVocabulary?.Keep();
            target.Add(added);
            return added;
        }, cancellationToken);
        var licence = entry.Licence ?? "not known: see the weights' publisher";
        var trained = kind == ModelKind.Clip ? $", activation {ActivationOption.Name(entry.Activation)}" : "";
        Console.WriteLine($"{entry.Name} in {Path.GetFullPath(folder)}: sha256 {entry.Sha256}, licence {licence}{trained}");
        ModelsFolder.NoteSeveralConvNeXt(folder);
        return 0;
    }

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    private static partial Regex NamePattern();
}
