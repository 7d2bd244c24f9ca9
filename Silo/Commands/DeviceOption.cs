using System.CommandLine;
using System.Text.RegularExpressions;

namespace FewShotCluster.Silo.Commands;

/// <summary><c>--device</c> of verbs that compute on one.</summary>
internal static partial class DeviceOption
{
    public static Option<string> Create()
    {
        var device = new Option<string>("--device") { Description = "cpu, cuda or cuda:N.", DefaultValueFactory = _ => "cpu" };
        device.Validators.Add(result =>
        {
            if (!DevicePattern().IsMatch(result.GetValueOrDefault<string>() ?? ""))
                result.AddError("--device: allowed are cpu, cuda and cuda:N");
        });
        return device;
    }

    /// <summary>As slots name it: with its number.</summary>
    public static string Numbered(string device) => device.Contains(':') ? device : device + ":0";

    [GeneratedRegex(@"^(cpu|cpu:0|cuda|cuda:\d{1,2})$")]
    private static partial Regex DevicePattern();
}
