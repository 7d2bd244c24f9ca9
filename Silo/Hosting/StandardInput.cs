namespace FewShotCluster.Silo.Hosting;

/// <summary>Ties a child process to its parent: a pipe's reading end sees the end of input when the parent is gone, however it went.</summary>
internal static class StandardInput
{
    public static void WhenClosed(Action closed)
    {
        // A thread of its own: reading a pipe blocks.
        var reader = new Thread(() =>
        {
            using var input = Console.OpenStandardInput();
            var buffer = new byte[256];
            while (Read(input, buffer) > 0) { }
            closed();
        })
        { IsBackground = true, Name = "stdin" };
        reader.Start();
    }

    private static int Read(Stream input, byte[] buffer)
    {
        try
        {
            return input.Read(buffer);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
