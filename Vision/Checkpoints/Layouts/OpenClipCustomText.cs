namespace FewShotCluster.Vision.Checkpoints.Layouts;

/// <summary>open_clip's CustomTextCLIP: OpenAI's names, those of the text tower under <c>text.</c> (open_clip, model.py).</summary>
internal static class OpenClipCustomText
{
    private const string Prefix = "text.";

    public static bool Matches(Checkpoint checkpoint) => checkpoint.Tensors.ContainsKey("text.token_embedding.weight");

    public static Checkpoint Present(Checkpoint checkpoint)
    {
        var view = new RemappedCheckpoint.Builder(checkpoint);
        foreach (var key in checkpoint.Tensors.Keys)
            view.Rename(key, key.StartsWith(Prefix, StringComparison.Ordinal) ? key[Prefix.Length..] : key);
        return view.Build();
    }
}
