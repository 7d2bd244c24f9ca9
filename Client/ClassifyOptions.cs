using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client;

/// <summary>What to return for a photo and how long to wait for it.</summary>
public sealed record ClassifyOptions
{
    /// <summary>How many classes, best first; 1 to 1000.</summary>
    public int Top { get; init; } = 5;

    /// <summary>Answer from this version or a newer one; 0: whatever is published.</summary>
    public long MinimumVersion { get; init; }

    /// <summary>Time for the answer, repetitions included; null: <see cref="FewShotClientOptions.ReadTimeout"/>.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>How much of the way to the answer to return.</summary>
    public ExplainMode Explain { get; init; }

    /// <summary>Whether the set may learn from the photo, if its policy is to; false for photos that it is judged by.</summary>
    public bool Learn { get; init; } = true;

    internal void Check()
    {
        if (Top is < 1 or > 1000) throw Invalid($"Top is {Top}: allowed are 1 to 1000");
        if (MinimumVersion < 0) throw Invalid($"MinimumVersion is {MinimumVersion}: versions start at 1, 0 asks for none");
        if (Deadline is { } deadline && (deadline <= TimeSpan.Zero || deadline > TimeSpan.FromHours(1)))
            throw Invalid($"Deadline is {deadline}: allowed is more than 0 and at most an hour");
        if (!Enum.IsDefined(Explain)) throw Invalid($"Explain is {(int)Explain}: no such mode");

        static FewShotException Invalid(string message) => new(FewShotErrorCode.InvalidArgument, message);
    }
}
