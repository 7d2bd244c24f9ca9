using System.Security.Cryptography;
using System.Text;

namespace FewShotCluster.Vision.Encoders;

/// <summary>Identity of an encoder's outputs: SHA-256 over its files and everything else that changes features.</summary>
internal static class EncoderDigest
{
    /// <param name="fileDigests">SHA-256 of each file, hexadecimal.</param>
    /// <param name="settings">Everything else that changes features.</param>
    public static string Of(IEnumerable<string> fileDigests, string settings)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var digest in fileDigests) hash.AppendData(Convert.FromHexString(digest));
        hash.AppendData(Encoding.UTF8.GetBytes(settings));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
