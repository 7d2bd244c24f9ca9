namespace FewShotCluster.GrainInterfaces.Classification;

/// <summary>
/// The request grain: routes one image through the cascade against one pinned snapshot, on the silo the request reached.
/// Stateless; any key will do: clients use several, since Orleans sends all calls of one key through one gateway.
/// </summary>
[Alias("fewshot.IClassificationGrain")]
public interface IClassificationGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Classifies one image: InMaP says unseen: answer; else LP++ says it is not of the refiner's family: answer; else the refiner answers.
    /// </summary>
    /// <exception cref="Errors.FewShotException">
    /// ClassSetNotFound, InvalidImage, ImageTooLarge, InvalidArgument, VersionNotReached, Overloaded, DeadlineExceeded, DeviceUnavailable.
    /// </exception>
    [Alias("Classify")]
    Task<ClassificationAnswer> Classify(ClassifyRequest request, CancellationToken cancellationToken);
}
