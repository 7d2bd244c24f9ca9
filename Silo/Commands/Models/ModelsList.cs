using System.CommandLine;
using FewShotCluster.Silo.Commands.Encode;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Vision.Encoders;

namespace FewShotCluster.Silo.Commands.Models;

/// <summary>A model of the folder: size of its features, input side in pixels, and the digest of the weights as they lie there.</summary>
internal sealed record ListedModel(
    string Name, ModelKind Kind, int Embed, int Resolution, string Architecture, string Sha256, string? Licence);

/// <summary><c>models list --json</c>.</summary>
internal sealed record ModelsListing(string Folder, IReadOnlyList<ListedModel> Models, IReadOnlyList<PublishedModel> Published);

/// <summary><c>fewshotd models list</c>: what a folder holds, and what others published.</summary>
internal static class ModelsList
{
    public static Command Create()
    {
        var (folder, json) = (ModelsCommand.FolderOption(), LocalVerb.JsonOption());
        var command = new Command("list", "The models of a folder, and published ones with their licences.") { folder, json };
        command.SetAction((parsed, token) => RunAsync(parsed.GetValue(folder)!, parsed.GetValue(json), token));
        return command;
    }

    private static async Task<int> RunAsync(string folder, string? json, CancellationToken cancellationToken)
    {
        OutputFile.Check("--json", json);
        var listing = await LocalVerb.RunAsync(json, (progress, stop) => Read(folder, progress, stop), cancellationToken);
        if (json != "-") Print(listing, Console.Out);
        OutputFile.WriteJson(json, listing);
        return 0;
    }

    private static ModelsListing Read(string folder, Action<string, double> progress, CancellationToken cancellationToken)
    {
        var manifest = ModelManifest.Load(folder);
        var models = new List<ListedModel>();
        foreach (var entry in manifest.Models)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var path = manifest.Resolve(entry.Weights);
            using var model = LoadedModel.Load(path, activation: entry.Activation);
            var resolution = model.Clip?.ImageResolution ?? entry.Resolution ?? RefinerEncoder.DefaultResolution;
            models.Add(new ListedModel(
                entry.Name, entry.Kind, model.Embed, resolution, model.Architecture, FileDigest.Sha256(path), entry.Licence));
            progress("reading", (double)models.Count / manifest.Models.Count);
        }
        return new ModelsListing(Path.GetFullPath(folder), models, PublishedModels.All);
    }

    private static void Print(ModelsListing listing, TextWriter output)
    {
        output.WriteLine($"models in {listing.Folder}:");
        foreach (var model in listing.Models)
        {
            output.WriteLine(
                $"  {model.Name}  {ModelProof.Name(model.Kind)}  {model.Architecture}; {model.Embed} features, {model.Resolution} px");
            output.WriteLine($"    sha256 {model.Sha256}  licence {model.Licence ?? "not stated"}");
        }
        output.WriteLine("published, for 'models pull':");
        foreach (var model in listing.Published)
        {
            var kind = model.Kind is { } known ? ModelProof.Name(known) : "comes with clip models";
            var size = model.Size is { } bytes ? $"{bytes / 1e6:0.0} MB" : "size not published";
            output.WriteLine($"  {model.Name}  {kind}  {model.File} of {model.Publisher}, {size}");
            output.WriteLine($"    sha256 {model.Sha256 ?? "not published: recorded at the first download"}  licence {model.Licence}");
        }
    }
}
