using System.Buffers.Binary;

namespace FewShotCluster.Vision.Imaging;

/// <summary>Counts a JPEG's scans by its marker segments (ITU T.81, B.1), so that a thumbnail inside a segment does not count.</summary>
internal static class JpegScans
{
    /// <summary>The number of scans, or <paramref name="most"/> where there are more; damage ends the count.</summary>
    public static int Count(ReadOnlySpan<byte> bytes, int most)
    {
        const byte startOfScan = 0xDA, endOfImage = 0xD9;
        var scans = 0;
        for (var rest = bytes[2..]; scans < most;)
        {
            // Entropy-coded data and stray bytes hold no marker but stuffed zeros and restarts.
            var next = rest.IndexOf((byte)0xFF);
            if (next < 0 || next + 1 >= rest.Length) break;
            var marker = rest[next + 1];
            if (marker == 0xFF)
            {
                rest = rest[(next + 1)..];
                continue;
            }
            rest = rest[(next + 2)..];
            if (marker is 0x00 or 0x01 or (>= 0xD0 and <= 0xD8)) continue;
            if (marker == endOfImage || rest.Length < 2) break;
            if (marker == startOfScan) scans++;
            var length = BinaryPrimitives.ReadUInt16BigEndian(rest);
            if (length < 2 || length > rest.Length) break;
            rest = rest[length..];
        }
        return scans;
    }
}
