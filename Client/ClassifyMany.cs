using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client;

/// <summary>A photo of a stream.</summary>
/// <param name="Source">Where it came from (a file name), for the outcome.</param>
/// <param name="Image">Encoded bytes; must stay as they are until its outcome is out.</param>
public sealed record ClassifyItem(string Source, ReadOnlyMemory<byte> Image);

/// <summary>What became of one photo of a stream: exactly one of <paramref name="Answer"/> and <paramref name="Error"/> is given.</summary>
/// <param name="Source">As in the item.</param>
/// <param name="Answer">The answer.</param>
/// <param name="Error">Why there is none.</param>
public sealed record ClassifyOutcome(string Source, ClassificationAnswer? Answer, FewShotException? Error);

/// <summary>How far adding photos has come.</summary>
/// <param name="Sent">Photos dealt with, failures included.</param>
/// <param name="Total">All photos; null while the end of the stream is not known.</param>
/// <param name="Failed">Photos that were left out.</param>
public sealed record ShotsProgress(int Sent, int? Total, int Failed);
