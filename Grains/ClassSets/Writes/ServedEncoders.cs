using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>Whether the nodes serve what a set was made with.</summary>
internal static class ServedEncoders
{
    /// <summary>The features that the set's encoder made.</summary>
    /// <exception cref="FewShotException">ModelUnavailable: the nodes serve other weights.</exception>
    public static EncoderFeatures Own(IEnumerable<EncoderFeatures> features, EncoderInfo encoder, string classSetId) =>
        features.FirstOrDefault(own => own.Encoder.Digest == encoder.Digest) ?? throw Exchanged(encoder, classSetId);

    public static FewShotException Exchanged(EncoderInfo encoder, string classSetId) => new(
        FewShotErrorCode.ModelUnavailable,
        $"set '{classSetId}' was made with model '{encoder.Name}' of digest {encoder.Digest[..Math.Min(12, encoder.Digest.Length)]}, "
        + "which the nodes do not serve: start them with those weights, or create the set anew");
}
