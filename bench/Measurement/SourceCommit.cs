using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;

namespace FewShotCluster.Bench.Measurement;

/// <summary>The commit that this program was built from.</summary>
internal static class SourceCommit
{
    /// <summary>Of the repository that the program lies in; an installed one has only its version.</summary>
    public static string Find() => AskGit() ?? Version;

    private static string Version =>
        typeof(SourceCommit).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private static string? AskGit()
    {
        var start = new ProcessStartInfo("git", ["rev-parse", "--short", "HEAD"])
        {
            WorkingDirectory = AppContext.BaseDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var git = Process.Start(start)!;
            var commit = git.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return git.ExitCode == 0 ? commit : null;
        }
        catch (Win32Exception)
        {
            return null; // no git here
        }
    }
}
