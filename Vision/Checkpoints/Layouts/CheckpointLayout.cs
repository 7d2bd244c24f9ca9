namespace FewShotCluster.Vision.Checkpoints.Layouts;

/// <summary>Recognises by its keys who named a checkpoint, and presents it under the names of the original code.</summary>
internal static class CheckpointLayout
{
    /// <summary>A CLIP checkpoint in openai/CLIP's naming; unknown namings come back as they are, for the model to judge.</summary>
    public static Checkpoint AsOpenAi(Checkpoint checkpoint) =>
        HuggingFaceClip.Matches(checkpoint) ? HuggingFaceClip.Present(checkpoint)
        : OpenClipCustomText.Matches(checkpoint) ? OpenClipCustomText.Present(checkpoint)
        : checkpoint;

    /// <summary>A ConvNeXt-V2 checkpoint in facebookresearch/ConvNeXt-V2's naming; unknown namings come back as they are.</summary>
    public static Checkpoint AsFacebookResearch(Checkpoint checkpoint) =>
        HuggingFaceConvNeXtV2.Matches(checkpoint) ? HuggingFaceConvNeXtV2.Present(checkpoint)
        : TimmConvNeXtV2.Matches(checkpoint) ? TimmConvNeXtV2.Present(checkpoint)
        : checkpoint;
}
