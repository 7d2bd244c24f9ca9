namespace FewShotCluster.Cli.Batches;

/// <summary>Time since a batch run began, and its rate.</summary>
internal sealed class BatchClock(TimeProvider time)
{
    private readonly long started = time.GetTimestamp();

    public double Seconds => time.GetElapsedTime(started).TotalSeconds;

    /// <summary>Photos a second; 0 for a run too short to tell.</summary>
    public static double Rate(int images, double seconds) => seconds > 0 ? images / seconds : 0;
}
