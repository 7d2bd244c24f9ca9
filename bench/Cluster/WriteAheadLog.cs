namespace FewShotCluster.Bench.Cluster;

/// <summary>What a dying machine does to SQLite's write-ahead log.</summary>
internal static class WriteAheadLog
{
    private const int MostGarbage = 5000; // more than a page: a torn frame

    private static string Of(string dataFolder) => Directory.GetFiles(dataFolder, "*.db-wal") is [var log, ..] ? log : Path.Combine(dataFolder, "absent");

    /// <summary>Cuts it at a random byte: what the disk confirmed and lost.</summary>
    /// <returns>Bytes cut off.</returns>
    public static long Cut(string dataFolder, Random random)
    {
        var log = new FileInfo(Of(dataFolder));
        if (!log.Exists || log.Length == 0) return 0;
        var left = random.NextInt64(log.Length);
        using var file = log.OpenWrite();
        file.SetLength(left);
        return log.Length - left;
    }

    /// <summary>Garbage behind its end: a write that was torn. Nothing confirmed may be lost by it.</summary>
    public static void Tear(string dataFolder, Random random)
    {
        var log = new FileInfo(Of(dataFolder));
        if (!log.Exists) return;
        var garbage = new byte[random.Next(1, MostGarbage)];
        random.NextBytes(garbage);
        using var file = new FileStream(log.FullName, FileMode.Append);
        file.Write(garbage);
    }
}
