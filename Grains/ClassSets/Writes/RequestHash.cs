using System.Text;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>
/// What a write asks for, as a hash of its values alone: a repetition has the same whatever collection types carried it.
/// </summary>
internal static class RequestHash
{
    public static ContentKey Of(ClassSetDefinition definition) => Of(writer =>
    {
        Write(writer, definition.Classes);
        var policy = definition.Policy;
        Write(writer, policy.PromptTemplates, writer.Write);
        Write(writer, policy.ProxyFusion);
        Write(writer, policy.ProbeFusion);
        Write(writer, policy.RefinerFamily);
        writer.Write(policy.InmapTextTemperature);
        writer.Write(policy.InmapImageTemperature);
        writer.Write(policy.InmapIterations);
        writer.Write(policy.ProbeInitialAlpha ?? -1);
        writer.Write(policy.ProbeEpochs);
        writer.Write(policy.LearnFromTraffic);
        writer.Write((int)policy.Proxies);
        writer.Write((int)policy.InmapPreset);
        writer.Write((int)policy.Gate);
        writer.Write((int)policy.ProbePreset);
        writer.Write(policy.CrossValidate);
        writer.Write(policy.AbstainShare);
    });

    public static ContentKey Of(IReadOnlyList<ClassDefinition> classes) => Of(writer => Write(writer, classes));

    /// <param name="shots">The shots.</param>
    /// <param name="images">Content keys of their images.</param>
    public static ContentKey Of(IReadOnlyList<Shot> shots, ContentKey[] images) => Of(writer =>
    {
        for (var i = 0; i < images.Length; i++)
        {
            writer.Write(shots[i].Source);
            writer.Write(shots[i].ClassId);
            writer.Write(images[i].ToBytes());
        }
    });

    public static ContentKey OfRemoval(IReadOnlyList<string> names) => Of(writer =>
    {
        writer.Write("remove classes");
        Write(writer, names, name => Write(writer, name));
    });

    public static ContentKey OfRename(string name, string newName, string? newPrompt) => Of(writer =>
    {
        writer.Write("rename class");
        Write(writer, name);
        Write(writer, newName);
        Write(writer, newPrompt);
    });

    public static ContentKey Of(ShotSelection selection) => Of(writer =>
    {
        writer.Write("remove shots");
        Write(writer, selection.ClassIds, writer.Write);
        Write(writer, selection.Keys, key => writer.Write(key.ToBytes()));
    });

    public static ContentKey Of(IReadOnlyList<ShotMove> moves) => Of(writer =>
    {
        writer.Write("move shots");
        foreach (var move in moves)
        {
            writer.Write(move.Key.ToBytes());
            writer.Write(move.ToClassId);
            writer.Write(move.FromClassId.HasValue);
            writer.Write(move.FromClassId ?? 0);
        }
    });

    public static ContentKey OfRollback(long version) => Of(writer =>
    {
        writer.Write("rollback");
        writer.Write(version);
    });

    public static ContentKey OfDeletion() => Of(writer => writer.Write("delete"));

    /// <param name="manifest">Of the imported file.</param>
    /// <param name="arrays">Hashes of its arrays.</param>
    public static ContentKey OfImport(byte[] manifest, IEnumerable<ContentKey> arrays) => Of(writer =>
    {
        writer.Write("import");
        writer.Write(manifest);
        foreach (var array in arrays) writer.Write(array.ToBytes());
    });

    private static ContentKey Of(Action<BinaryWriter> write)
    {
        using var bytes = new MemoryStream();
        using (var writer = new BinaryWriter(bytes, Encoding.UTF8, leaveOpen: true)) write(writer);
        return ContentKey.Of(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
    }

    private static void Write(BinaryWriter writer, IReadOnlyList<ClassDefinition> classes) => Write(
        writer,
        classes,
        definition =>
        {
            writer.Write(definition.Name ?? "");
            writer.Write(definition.Id.HasValue);
            writer.Write(definition.Id ?? 0);
            Write(writer, definition.Family);
            Write(writer, definition.Prompt);
        });

    private static void Write(BinaryWriter writer, IReadOnlyDictionary<string, double> shares) => Write(
        writer,
        shares.OrderBy(share => share.Key, StringComparer.Ordinal).ToList(),
        share =>
        {
            writer.Write(share.Key);
            writer.Write(share.Value);
        });

    private static void Write<T>(BinaryWriter writer, IReadOnlyList<T> items, Action<T> write)
    {
        writer.Write(items.Count);
        foreach (var item in items) write(item);
    }

    private static void Write(BinaryWriter writer, string? text)
    {
        writer.Write(text is not null);
        writer.Write(text ?? "");
    }
}
