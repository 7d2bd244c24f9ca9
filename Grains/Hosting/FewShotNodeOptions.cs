using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Inference;

namespace FewShotCluster.Grains.Hosting;

/// <summary>Settings of one node. Byte counts are plain bytes, times are <see cref="TimeSpan"/>; checked at start.</summary>
public sealed class FewShotNodeOptions
{
    /// <summary>Unique in the cluster: first half of its device slots (<c>node-a/cpu:0</c>). No slash, comma or white space.</summary>
    public string NodeName { get; set; } = "node-a";

    /// <summary>Folder of the SQLite file; created when absent.</summary>
    public string DataDirectory { get; set; } = "data";

    /// <summary>Redis as <c>HOST:PORT</c>, which then keeps the class sets instead of the file; null: none.</summary>
    public string? Redis { get; set; }

    /// <summary>Folder of the model manifest and weights.</summary>
    public string ModelsDirectory { get; set; } = "models";

    /// <summary>Devices of this node: <c>cpu:0</c>, <c>cuda:0</c>, ...; each gets one worker thread.</summary>
    public IReadOnlyList<string> Devices { get; set; } = ["cpu:0"];

    /// <summary>Number format of weights and activations; by default what each device computes fastest at nearly the same features.</summary>
    public ComputeDtype Dtype { get; set; }

    /// <summary>What computes; by default the fastest for the device and the number format.</summary>
    public ComputeKernels Kernels { get; set; }

    /// <summary>Threads that one device's computations may use; 0: the processors divided by the devices.</summary>
    public int ThreadsPerDevice { get; set; }

    /// <summary>Items admitted to a device and not yet in a batch; one more is refused as Overloaded.</summary>
    public int QueueLimit { get; set; } = 256;

    /// <summary>Items in one batch at most.</summary>
    public int MaxBatch { get; set; } = 32;

    /// <summary>How long a busy device waits for a batch to fill; an idle device never waits.</summary>
    public TimeSpan MaxLinger { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>
    /// Time that a device may spend before it takes work on running every batch size through every network; sizes that do not fit in are
    /// first met under load. 0: none.
    /// </summary>
    public TimeSpan WarmUpTime { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Rest of a failed device before its models are loaded anew; doubled at each failure, up to 30 s.</summary>
    public TimeSpan RestartDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Whether devices may be made to fail by a call, for trials of endurance; never in production.</summary>
    public bool FaultInjection { get; set; }

    /// <summary>
    /// Encoders that compute nothing, for benches of what is around the device: as many take the place of the models folder's. 0: none.
    /// </summary>
    public int NullEncoders { get; set; }

    /// <summary>Time of a batch of the null encoders.</summary>
    public TimeSpan NullBatchTime { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Under constant load a background fit gets one slice after this many batches.</summary>
    public int BatchesPerFitSlice { get; set; } = 4;

    /// <summary>Images decoded at once on the thread pool; 0: the processor count.</summary>
    public int DecodeConcurrency { get; set; }

    /// <summary>Bound of a slot's image-feature cache, bytes.</summary>
    public long ImageCacheBytes { get; set; } = 256L << 20;

    /// <summary>Bound of a slot's text-feature cache, bytes.</summary>
    public long TextCacheBytes { get; set; } = 64L << 20;

    /// <summary>Bound of a slot's refiner-feature cache, bytes.</summary>
    public long RefinerCacheBytes { get; set; } = 64L << 20;

    /// <summary>Unlabelled images kept per class set and slot; beyond it those of the most frequent classes give way.</summary>
    public int PoolLimit { get; set; } = 20_000;

    /// <summary>Unlabelled images of one predicted class kept per class set and slot; beyond it a uniform sample.</summary>
    public int PoolLimitPerClass { get; set; } = 64;

    /// <summary>How long an unlabelled image is learned from.</summary>
    public TimeSpan PoolTimeToLive { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How often a class set looks whether its proxies are worth another fit.</summary>
    public TimeSpan RefitCheckInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Class sets in the store.</summary>
    public int MaxClassSets { get; set; } = 10_000;

    /// <summary>Classes in one set.</summary>
    public int MaxClasses { get; set; } = 10_000;

    /// <summary>Characters of a class-set id, class name, family or prompt.</summary>
    public int MaxNameLength { get; set; } = 256;

    /// <summary>Shots in one set.</summary>
    public int MaxShots { get; set; } = 100_000;

    /// <summary>Shots of one class.</summary>
    public int MaxShotsPerClass { get; set; } = 10_000;

    /// <summary>Validation photos of one fit.</summary>
    public int MaxValidationShots { get; set; } = 20_000;

    /// <summary>Bytes of the arrays of an imported class set; they are held in memory until they are checked.</summary>
    public long MaxImportBytes { get; set; } = 512L << 20;

    /// <summary>Versions of a class set that it can be rolled back to, the published one included.</summary>
    public int KeptVersions { get; set; } = 20;

    /// <summary>Writes of a class set whose repetition is recognised by its operation id.</summary>
    public int RememberedOperations { get; set; } = 1024;

    /// <summary>Prompt templates in one policy.</summary>
    public int MaxTemplates { get; set; } = 100;

    /// <summary>Augmented views of a shot that the refiner's head is fitted on.</summary>
    public int RefinerViews { get; set; } = 8;

    /// <summary>What an image may be: encoded bytes and pixels.</summary>
    public ImageLimits Images { get; set; } = ImageLimits.Default;

    /// <summary>Membership: time between probes of a neighbouring silo; three missed ones declare it dead.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The node's device slots.</summary>
    public IReadOnlyList<string> Slots => [.. Devices.Select(device => $"{NodeName}/{device}")];
}
