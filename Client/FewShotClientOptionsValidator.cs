using FewShotCluster.Client.Connection;
using Microsoft.Extensions.Options;

namespace FewShotCluster.Client;

/// <summary>Checks <see cref="FewShotClientOptions"/> before the first connection; each message names the option and the allowed range.</summary>
internal sealed class FewShotClientOptionsValidator : IValidateOptions<FewShotClientOptions>
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public ValidateOptionsResult Validate(string? name, FewShotClientOptions options)
    {
        var failures = new List<string>();
        if (options.Gateways is not { Count: > 0 }) failures.Add("Gateways is empty: name at least one host:port");
        else failures.AddRange(options.Gateways.Where(g => !GatewayAddress.TryParse(g, out _)).Select(g => $"Gateways: '{g}' is not host:port"));
        if (string.IsNullOrWhiteSpace(options.ClusterId)) failures.Add("ClusterId is empty: give the silos' cluster id");
        if (string.IsNullOrWhiteSpace(options.ServiceId)) failures.Add("ServiceId is empty: give the silos' service id");
        Range(nameof(options.ConnectTimeout), options.ConnectTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));
        Range(nameof(options.ReadTimeout), options.ReadTimeout, TimeSpan.FromMilliseconds(1), Hour);
        Range(nameof(options.WriteTimeout), options.WriteTimeout, TimeSpan.FromMilliseconds(1), Hour);
        Range(nameof(options.AttemptTimeout), options.AttemptTimeout, TimeSpan.FromMilliseconds(1), options.ReadTimeout);
        Range(nameof(options.RetryDelay), options.RetryDelay, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10));
        if (options.MaxRetries is < 0 or > 20) failures.Add($"MaxRetries is {options.MaxRetries}: allowed are 0 to 20");
        if (options.RetryBudget is not (>= 0 and <= 1)) failures.Add($"RetryBudget is {options.RetryBudget}: allowed are 0 to 1");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void Range(string option, TimeSpan value, TimeSpan low, TimeSpan high)
        {
            if (value < low || value > high) failures.Add($"{option} is {value}: allowed are {low} to {high}");
        }
    }
}
