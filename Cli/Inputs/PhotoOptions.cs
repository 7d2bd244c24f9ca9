using System.CommandLine;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Inputs;

/// <summary>Options that name photos by their content.</summary>
internal sealed class PhotoOptions
{
    private readonly Option<string[]> keys = new("--key") { Description = "SHA-256 of a photo, 64 hexadecimal digits, as 'shots list' prints; may be repeated." };
    private readonly Option<string[]> photos = new("--photo") { Description = "A file with a photo; may be repeated." };

    public Command On(Command command)
    {
        command.Add(keys);
        command.Add(photos);
        return command;
    }

    public async Task<IReadOnlyList<ContentKey>> KeysAsync(VerbCall call, CancellationToken cancellationToken)
    {
        var found = (call.Get(keys) ?? []).Select(Parse).ToList();
        foreach (var path in call.Get(photos) ?? []) found.Add(ContentKey.Of(await File.ReadAllBytesAsync(path, cancellationToken)));
        return found;
    }

    private static ContentKey Parse(string text)
    {
        try
        {
            if (text.Length == 64) return ContentKey.FromBytes(Convert.FromHexString(text));
        }
        catch (FormatException)
        {
        }
        throw new FewShotException(FewShotErrorCode.InvalidArgument, $"--key '{text}' is not a SHA-256 of 64 hexadecimal digits");
    }
}
