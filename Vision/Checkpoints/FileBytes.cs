using Microsoft.Win32.SafeHandles;

namespace FewShotCluster.Vision.Checkpoints;

/// <summary>Reading a file by position.</summary>
internal static class FileBytes
{
    /// <summary>Fills the buffer from a position on.</summary>
    /// <exception cref="EndOfStreamException">The file ends before.</exception>
    public static void ReadExactly(SafeFileHandle file, Span<byte> buffer, long position)
    {
        for (int read; buffer.Length > 0; buffer = buffer[read..], position += read)
            if ((read = RandomAccess.Read(file, buffer, position)) == 0)
                throw new EndOfStreamException($"the file ends at byte {position}");
    }
}
