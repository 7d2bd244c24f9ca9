using FewShotCluster.GrainInterfaces.Classification;
using Orleans.Concurrency;

namespace FewShotCluster.Grains.Classification;

/// <summary>The request grain: the address of its silo's <see cref="Classifier"/>. Nothing is computed in its turns.</summary>
[StatelessWorker(1), Reentrant]
internal sealed class ClassificationGrain(Classifier classifier) : Grain, IClassificationGrain
{
    public Task<ClassificationAnswer> Classify(ClassifyRequest request, CancellationToken cancellationToken) =>
        Task.Run(() => classifier.Classify(request, cancellationToken), CancellationToken.None);
}
