namespace FewShotCluster.GrainInterfaces.Errors;

/// <summary>
/// What of a <see cref="FewShotException"/> travels. Its cause does not: causes are of types that clients do not have (image codecs, SQLite),
/// and one that cannot be written would turn a typed failure into a serializer's.
/// </summary>
[GenerateSerializer, Immutable, Alias("fewshot.Exception")]
internal struct FewShotExceptionWire
{
    [Id(0)]
    public FewShotErrorCode Code;

    [Id(1)]
    public string Message;

    [Id(2)]
    public TimeSpan? RetryAfter;
}

/// <summary>Between the exception and its wire form.</summary>
[RegisterConverter]
internal sealed class FewShotExceptionConverter : IConverter<FewShotException, FewShotExceptionWire>
{
    public FewShotException ConvertFromSurrogate(in FewShotExceptionWire surrogate) => new(surrogate.Code, surrogate.Message, surrogate.RetryAfter);

    public FewShotExceptionWire ConvertToSurrogate(in FewShotException value) =>
        new() { Code = value.Code, Message = value.Message, RetryAfter = value.RetryAfter };
}
