using System.Collections.Concurrent;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Bench.Cluster;

/// <summary>A user who adds names one by one and repeats what was not acknowledged, always under the name's own operation id.</summary>
/// <param name="client">The SDK.</param>
/// <param name="classSetId">The class set.</param>
/// <param name="names">What was acknowledged.</param>
internal sealed class NameWriter(IFewShotClient client, string classSetId, AddedNames names)
{
    private static readonly TimeSpan BeforeRepeating = TimeSpan.FromMilliseconds(100);
    private readonly ConcurrentDictionary<FewShotErrorCode, int> failures = new();

    /// <summary>Failed calls by code; each was repeated.</summary>
    public IReadOnlyDictionary<FewShotErrorCode, int> Failures => failures;

    /// <summary>Adds a name, however often that takes.</summary>
    /// <param name="i">The name's number.</param>
    /// <param name="gate">Waited for before each attempt.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The acknowledged version.</returns>
    public async Task<long> AddAsync(int i, Func<CancellationToken, Task> gate, CancellationToken cancellationToken)
    {
        var name = AddedNames.Of(i);
        while (true)
        {
            await gate(cancellationToken);
            try
            {
                var version = (await client.AddClassesAsync(classSetId, [new(name)], $"add-{i}", cancellationToken)).Version;
                names.Acknowledge(name, version);
                return version;
            }
            catch (FewShotException e) when (IsSafeToRepeat(e.Code))
            {
                failures.AddOrUpdate(e.Code, 1, (_, count) => count + 1);
                await Task.Delay(BeforeRepeating, cancellationToken);
            }
        }
    }

    private static bool IsSafeToRepeat(FewShotErrorCode code) => code.IsTransient() || code == FewShotErrorCode.DeadlineExceeded;
}
