namespace FewShotCluster.GrainInterfaces.Encoders;

/// <summary>For whom a device works, and for how long the result is of use.</summary>
/// <param name="ClassSetId">The class set that asks: a device divides its time fairly among them. Empty: none in particular.</param>
/// <param name="TimeLeft">Time left when the call was sent; work that cannot be done in it is refused. Null: no limit.</param>
[GenerateSerializer, Immutable, Alias("fewshot.WorkOrigin")]
public sealed record WorkOrigin([property: Id(0)] string ClassSetId, [property: Id(1)] TimeSpan? TimeLeft)
{
    /// <summary>Writes of class sets: one customer of a device beside the photos of each set, without a limit of time.</summary>
    public static WorkOrigin Writes { get; } = new("", null);
}
