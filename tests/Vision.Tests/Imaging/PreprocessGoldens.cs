using System.Security.Cryptography;
using System.Text.Json;
using FewShotCluster.TestSupport;

namespace FewShotCluster.Vision.Tests.Imaging;

/// <summary>The reference's <c>preprocess/goldens.json</c>, made by Pillow and torchvision.</summary>
internal static class PreprocessGoldens
{
    public static byte[] Read(string file) => File.ReadAllBytes(ReferenceData.Reference("preprocess", file));

    public static IReadOnlyList<JsonElement> Images => Rows("images");

    public static IReadOnlyList<JsonElement> Hostile => Rows("hostile");

    public static string FileName(this JsonElement row) => row.GetProperty("file").GetString()!;

    public static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static List<JsonElement> Rows(string list)
    {
        using var document = JsonDocument.Parse(Read("goldens.json"));
        return [.. document.RootElement.GetProperty(list).EnumerateArray().Select(row => row.Clone())];
    }
}
