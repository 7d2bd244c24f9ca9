using System.Security.Cryptography;

namespace FewShotCluster.Vision.Encoders;

/// <summary>Identity of a file's content.</summary>
public static class FileDigest
{
    /// <summary>SHA-256 of a file, 64 lower-case hexadecimal digits.</summary>
    public static string Sha256(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
