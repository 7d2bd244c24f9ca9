namespace FewShotCluster.Silo.Hosting;

/// <summary>Logs go to standard error, one line each; standard output carries the ready line only.</summary>
internal static class NodeLogging
{
    // They log a failed start with its whole stack; the start reports it as one line itself.
    private static readonly string[] ReportedElsewhere =
        ["Orleans.Runtime.SiloLifecycleSubject", "Orleans.Runtime.Silo", "Orleans.Silo", "Microsoft.Extensions.Hosting.Internal.Host"];

    public static void Configure(ILoggingBuilder logging)
    {
        logging.ClearProviders();
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.UseUtcTimestamp = true;
        });
        logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.AddFilter("Orleans", LogLevel.Warning).AddFilter("Microsoft", LogLevel.Warning).AddFilter("Polly", LogLevel.Warning);
        foreach (var category in ReportedElsewhere) logging.AddFilter(category, LogLevel.None);
    }
}
