using System.Security.Cryptography;
using System.Text;

namespace FewShotCluster.Vision.Encoders;

/// <summary>Identity of an encoder's outputs: SHA-256 over its files and everything else that changes features.</summary>
internal static class EncoderDigest
{
    public static string Of(IEnumerable<string> files, string settings)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in files)
        {
            using var file = File.OpenRead(path);
            hash.AppendData(SHA256.HashData(file));
        }
        hash.AppendData(Encoding.UTF8.GetBytes(settings));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
