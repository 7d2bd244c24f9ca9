using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Silo.Commands.Downloads;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Encoders;

namespace FewShotCluster.Silo.Commands.Models;

/// <summary>Brings published models into a folder: download, digest, proof, manifest.</summary>
/// <param name="folder">The folder, locked.</param>
/// <param name="download">How files are fetched.</param>
/// <param name="mirror">What stands before the paths of the publishers' URLs in place of their hosts; null: the publishers.</param>
internal sealed class ModelPull(ModelsFolder folder, FileDownload download, Uri? mirror)
{
    /// <summary>Takes one model in, or repairs it.</summary>
    /// <param name="model">What to fetch.</param>
    /// <param name="vocabulary">CLIP: its merges.</param>
    /// <param name="progress">Gets a step and the share of it that is done.</param>
    /// <param name="cancellationToken">Ends a download, which a later call goes on with.</param>
    /// <returns>The model's entry, and whether it was there and intact before.</returns>
    /// <exception cref="FewShotException">
    /// ModelUnavailable: not to be had, or not what was published. Conflict: other weights are in its place. StorageUnavailable: no room.
    /// </exception>
    /// <exception cref="CheckpointException">The weights cannot be served.</exception>
    public (ModelEntry Entry, bool WasThere) Run(
        PublishedModel model, PublishedModel? vocabulary, Action<string, double> progress, CancellationToken cancellationToken)
    {
        var known = folder.Find(model.Name);
        var recorded = known?.Sha256?.ToLowerInvariant();
        var expected = model.Sha256 ?? recorded;
        if (recorded is not null && recorded != expected)
            throw Conflict($"the folder has another model of that name, SHA-256 {recorded}; remove its entry or choose another folder");
        var (weightsFile, vocabularyFile) = (known?.Weights ?? model.File, known?.Vocabulary ?? vocabulary?.File);

        // A vocabulary of the user's own stays what it is; a missing one is fetched.
        var wantsVocabulary = vocabulary is not null && (known is null || !File.Exists(folder.PathOf(vocabularyFile!)));
        var merges = wantsVocabulary
            ? Fetch(vocabulary!, vocabularyFile!, vocabulary!.Sha256, isOurs: false, progress, cancellationToken)
            : null;
        merges?.Keep();
        var part = Fetch(model, weightsFile, expected, isOurs: recorded is not null, progress, cancellationToken);
        if (known is not null && part is null && merges is null) return (known, WasThere: true);

        progress($"checking {model.Name}", 0);
        var weights = part?.Path ?? folder.PathOf(weightsFile);
        var vocabularyPath = vocabularyFile is null ? null : folder.PathOf(vocabularyFile);
        try
        {
            ModelProof.Check(model.Kind!.Value, weights, vocabularyPath, model.Resolution, model.Activation);
        }
        catch (CheckpointException)
        {
            part?.Delete();
            throw;
        }
        progress($"checking {model.Name}", 1);

        var entry = known ?? new ModelEntry(
            model.Name, model.Kind!.Value, weightsFile, vocabularyFile, expected ?? FileDigest.Sha256(weights),
            model.Kind == ModelKind.ConvNeXt ? model.Resolution : null, model.Licence, model.Activation ?? default);
        part?.Keep();
        if (known is null) folder.Add(entry);
        return (entry, WasThere: false);
    }

    /// <summary>The file, complete and as published, before it has its name; null: it is there already.</summary>
    private PartialFile? Fetch(
        PublishedModel file, string name, string? expected, bool isOurs, Action<string, double> progress,
        CancellationToken cancellationToken)
    {
        var target = folder.PathOf(name);
        if (File.Exists(target))
        {
            var found = FileDigest.Sha256(target);
            if (expected is null || found == expected) return null;
            // What the manifest names with a digest is to be repaired; another file may be somebody's.
            if (!isOurs) throw Conflict($"{target} exists with other content (SHA-256 {found}, published is {expected}); move it away");
        }
        var source = mirror is null ? file.Url : new Uri(mirror.AbsoluteUri.TrimEnd('/') + file.Url.PathAndQuery);
        var part = new PartialFile(target);
        // This is the verb's own thread, which has nothing else to do.
        download.RunAsync(source, part, share => progress($"downloading {name}", share), cancellationToken).GetAwaiter().GetResult();
        if (expected is null) return part;
        var digest = FileDigest.Sha256(part.Path);
        if (digest == expected) return part;
        part.Delete();
        throw new FewShotException(
            FewShotErrorCode.ModelUnavailable,
            $"{source}: what came has SHA-256 {digest}, published is {expected}: corrupt, and deleted; try again or another source");
    }

    private static FewShotException Conflict(string message) => new(FewShotErrorCode.Conflict, message);
}
