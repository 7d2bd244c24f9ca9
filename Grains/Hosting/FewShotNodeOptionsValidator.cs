using FewShotCluster.Grains.Devices;
using Microsoft.Extensions.Options;

namespace FewShotCluster.Grains.Hosting;

/// <summary>Refuses settings that could not work, all at once and before anything starts.</summary>
internal sealed class FewShotNodeOptionsValidator : IValidateOptions<FewShotNodeOptions>
{
    public ValidateOptionsResult Validate(string? name, FewShotNodeOptions options)
    {
        var failures = new List<string>();
        if (string.IsNullOrWhiteSpace(options.NodeName) || options.NodeName.Any(c => c is '/' or ',' || char.IsWhiteSpace(c)))
            failures.Add($"NodeName '{options.NodeName}' must be a word without slash, comma or white space");
        if (string.IsNullOrWhiteSpace(options.DataDirectory)) failures.Add("DataDirectory must name a folder");
        if (options.Devices.Count == 0) failures.Add("Devices must name at least one device, for example cpu:0");
        if (options.Devices.Any(d => string.IsNullOrWhiteSpace(d) || d.Contains(',')))
            failures.Add("Devices holds an empty name or a comma");
        if (options.Devices.Distinct(StringComparer.Ordinal).Count() != options.Devices.Count)
            failures.Add("Devices names one device twice");
        AtLeast(options.ThreadsPerDevice, 0, nameof(options.ThreadsPerDevice));
        AtLeast(options.MaxBatch, 1, nameof(options.MaxBatch));
        if (options.QueueLimit < options.MaxBatch)
            failures.Add($"QueueLimit {options.QueueLimit} must be at least MaxBatch {options.MaxBatch}");
        if (options.MaxLinger < TimeSpan.Zero || options.MaxLinger > TimeSpan.FromSeconds(1))
            failures.Add("MaxLinger must be between 0 and 1 s");
        if (options.WarmUpTime < TimeSpan.Zero) failures.Add("WarmUpTime cannot be negative");
        if (options.RestartDelay < TimeSpan.FromMilliseconds(1) || options.RestartDelay > TimeSpan.FromSeconds(30))
            failures.Add("RestartDelay must be between 1 ms and 30 s");
        if (options.NullEncoders is < 0 or > 8) failures.Add("NullEncoders must be between 0 and 8");
        if (options.NullBatchTime < TimeSpan.Zero || options.NullBatchTime > TimeSpan.FromSeconds(10))
            failures.Add("NullBatchTime must be between 0 and 10 s");
        AtLeast(options.BatchesPerFitSlice, 1, nameof(options.BatchesPerFitSlice));
        AtLeast(options.DecodeConcurrency, 0, nameof(options.DecodeConcurrency));
        AtLeast(options.ImageCacheBytes, 1 << 16, nameof(options.ImageCacheBytes));
        AtLeast(options.TextCacheBytes, 1 << 16, nameof(options.TextCacheBytes));
        AtLeast(options.RefinerCacheBytes, 1 << 16, nameof(options.RefinerCacheBytes));
        AtLeast(options.PoolLimit, 1, nameof(options.PoolLimit));
        AtLeast(options.PoolLimitPerClass, 1, nameof(options.PoolLimitPerClass));
        if (options.PoolTimeToLive <= TimeSpan.Zero) failures.Add("PoolTimeToLive must be positive");
        if (options.RefitCheckInterval < TimeSpan.FromMilliseconds(10)) failures.Add("RefitCheckInterval must be at least 10 ms");
        AtLeast(options.MaxClasses, 1, nameof(options.MaxClasses));
        AtLeast(options.MaxNameLength, 1, nameof(options.MaxNameLength));
        AtLeast(options.MaxShots, 1, nameof(options.MaxShots));
        AtLeast(options.MaxShotsPerClass, 1, nameof(options.MaxShotsPerClass));
        AtLeast(options.MaxValidationShots, 1, nameof(options.MaxValidationShots));
        AtLeast(options.MaxClassSets, 1, nameof(options.MaxClassSets));
        AtLeast(options.MaxImportBytes, 1, nameof(options.MaxImportBytes));
        AtLeast(options.KeptVersions, 1, nameof(options.KeptVersions));
        AtLeast(options.RememberedOperations, 1, nameof(options.RememberedOperations));
        AtLeast(options.MaxTemplates, 1, nameof(options.MaxTemplates));
        AtLeast(options.RefinerViews, 1, nameof(options.RefinerViews));
        if (options.RefinerViews > WorkQueue.Share(options.QueueLimit))
            failures.Add(
                $"RefinerViews {options.RefinerViews} must be at most {WorkQueue.Share(options.QueueLimit)}, one customer's share of QueueLimit "
                + $"{options.QueueLimit}, as views are queued together");
        AtLeast(options.Images.MaxBytes, 1, "Images.MaxBytes");
        AtLeast(options.Images.MaxPixels, 1, "Images.MaxPixels");
        if (options.ProbeTimeout < TimeSpan.FromMilliseconds(100)) failures.Add("ProbeTimeout must be at least 100 ms");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void AtLeast(long value, long minimum, string setting)
        {
            if (value < minimum) failures.Add($"{setting} must be at least {minimum}, not {value}");
        }
    }
}
