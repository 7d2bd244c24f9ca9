using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Vision.Encoders;

namespace FewShotCluster.Silo.Commands.Models;

/// <summary>A models folder while it is changed: by one process at a time, and its manifest is always a whole one.</summary>
internal sealed class ModelsFolder : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly string folder;
    private readonly FileStream guard;

    private ModelsFolder(string folder, FileStream guard) => (this.folder, this.guard) = (folder, guard);

    private string ManifestPath => Path.Combine(folder, ModelManifest.FileName);

    /// <summary>Makes the folder if need be.</summary>
    /// <exception cref="FewShotException">Conflict: another process is changing it. InvalidArgument: it cannot be written to.</exception>
    public static ModelsFolder Open(string path)
    {
        var folder = Path.GetFullPath(path);
        InputFile.Reading(path, () => Directory.CreateDirectory(folder));
        try
        {
            var guard = new FileStream(Path.Combine(folder, ".import.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return new ModelsFolder(folder, guard);
        }
        catch (IOException e)
        {
            throw new FewShotException(FewShotErrorCode.Conflict, $"{path}: another import or pull is under way: {e.Message}", inner: e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw LocalVerb.Invalid($"{path}: {e.Message}", e);
        }
    }

    /// <summary>Says so where a node will not serve the folder as it is now.</summary>
    public static void NoteSeveralConvNeXt(string folder)
    {
        if (ModelManifest.Read(folder).Models.Count(m => m.Kind == ModelKind.ConvNeXt) > 1)
            Console.Error.WriteLine($"note: {folder} has several ConvNeXt models; a node serves one and refuses this folder");
    }

    /// <summary>The entry of that name; null where there is none, nor a manifest.</summary>
    public static ModelEntry? Find(string folder, string name) =>
        File.Exists(Path.Combine(folder, ModelManifest.FileName))
            ? ModelManifest.Read(folder).Models.FirstOrDefault(m => m.Name == name)
            : null;

    public ModelEntry? Find(string name) => Find(folder, name);

    /// <summary>Full path that a file of the folder has, or is to have.</summary>
    public string PathOf(string file) => Path.Combine(folder, file);

    /// <exception cref="FewShotException">Conflict: a model has that name.</exception>
    public void CheckFree(string name)
    {
        if (Find(name) is not null)
            throw new FewShotException(FewShotErrorCode.Conflict, $"{folder} has a model '{name}' already; choose another --name");
    }

    /// <summary>Copies a file under a temporary name.</summary>
    /// <exception cref="FewShotException">InvalidArgument: unreadable source. Conflict: another file has the final name.</exception>
    public FileCopy Copy(string source, string name, Action<double>? progress, CancellationToken cancellationToken)
    {
        var target = Path.Combine(folder, name);
        using var input = InputFile.Reading(source, () => File.OpenRead(source));
        var temporary = OutputFile.TemporaryBeside(target);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using (var output = File.Create(temporary))
            {
                var buffer = new byte[1 << 20];
                for (int read; (read = input.Read(buffer)) > 0; progress?.Invoke((double)input.Position / input.Length))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    hash.AppendData(buffer, 0, read);
                    output.Write(buffer, 0, read);
                }
                output.Flush(flushToDisk: true);
            }
            var sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
            if (File.Exists(target) && FileDigest.Sha256(target) != sha256)
                throw new FewShotException(FewShotErrorCode.Conflict, $"{target} exists with other content; choose another --name");
            return new FileCopy(temporary, target, sha256);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Adds an entry to the manifest; whatever else the manifest says stays.</summary>
    public void Add(ModelEntry model)
    {
        var manifest = File.Exists(ManifestPath)
            ? JsonNode.Parse(File.ReadAllBytes(ManifestPath))!.AsObject()
            : new JsonObject { ["schema"] = 1, ["models"] = new JsonArray() };
        manifest["models"]!.AsArray().Add(JsonSerializer.SerializeToNode(model, Json));
        OutputFile.Write(ManifestPath, stream =>
        {
            JsonSerializer.Serialize(stream, manifest, Json);
            stream.WriteByte((byte)'\n');
        });
    }

    // The lock's file stays: deleting it would let two processes lock two files of the same name.
    public void Dispose() => guard.Dispose();
}

/// <summary>A copied file that is not yet under its name; without <see cref="Keep"/> it goes.</summary>
internal sealed record FileCopy(string Temporary, string Target, string Sha256) : IDisposable
{
    public string Name => Path.GetFileName(Target);

    public void Keep() => File.Move(Temporary, Target, overwrite: true);

    public void Dispose() => File.Delete(Temporary);
}
