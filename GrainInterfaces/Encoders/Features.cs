namespace FewShotCluster.GrainInterfaces.Encoders;

/// <summary>Features of one image by the encoders of a slot; float32 little-endian bytes, unit length.</summary>
/// <param name="Encoders">One entry per encoder.</param>
/// <param name="CacheHit">Whether they came from the cache.</param>
/// <param name="Device">The slot that holds them.</param>
[GenerateSerializer, Immutable, Alias("fewshot.ImageFeatures")]
public sealed record ImageFeatures(
    [property: Id(0)] EncoderFeatures[] Encoders, [property: Id(1)] bool CacheHit, [property: Id(2)] string Device);

/// <summary>Features of several texts by the encoders of a slot.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.TextFeatures")]
public sealed record TextFeatures([property: Id(0)] EncoderFeatures[] Encoders);

/// <summary>Rows of one encoder.</summary>
/// <param name="Encoder">Which encoder made them.</param>
/// <param name="Values">[rows, D] float32 bytes, row-major.</param>
[GenerateSerializer, Immutable, Alias("fewshot.EncoderFeatures")]
public sealed record EncoderFeatures([property: Id(0)] EncoderInfo Encoder, [property: Id(1)] byte[] Values);

/// <summary>What an encoder is.</summary>
/// <param name="Name">Its name in the configuration.</param>
/// <param name="Digest">SHA-256 of weights and preprocessing, hexadecimal.</param>
/// <param name="Dimension">Feature size D.</param>
/// <param name="LogitScale">exp of CLIP's logit_scale; 1 for the refiner.</param>
/// <param name="Resolution">Input size in pixels.</param>
[GenerateSerializer, Immutable, Alias("fewshot.EncoderInfo")]
public sealed record EncoderInfo(
    [property: Id(0)] string Name,
    [property: Id(1)] string Digest,
    [property: Id(2)] int Dimension,
    [property: Id(3)] double LogitScale,
    [property: Id(4)] int Resolution);

/// <summary>Pooled refiner features: [views, D] float32 bytes.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.RefinerFeatures")]
public sealed record RefinerFeatures([property: Id(0)] EncoderInfo Encoder, [property: Id(1)] byte[] Values, [property: Id(2)] bool CacheHit);

/// <summary>Part of an unlabelled pool.</summary>
/// <param name="Keys">Content keys, one per image.</param>
/// <param name="Encoders">Per encoder [keys, D] features.</param>
/// <param name="Total">Images in the slot's pool.</param>
/// <param name="Weights">How many images that came each one stands for: full strata keep a sample.</param>
[GenerateSerializer, Immutable, Alias("fewshot.PoolChunk")]
public sealed record PoolChunk(
    [property: Id(0)] ContentKey[] Keys, [property: Id(1)] EncoderFeatures[] Encoders, [property: Id(2)] int Total,
    [property: Id(3)] double[] Weights);
