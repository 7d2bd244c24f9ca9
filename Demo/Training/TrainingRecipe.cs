namespace FewShotCluster.Demo.Training;

/// <summary>Samples seen, batch size, peak of the learning rate, weight decay.</summary>
public sealed record Schedule(int Samples, int Batch, double LearningRate, double WeightDecay)
{
    public int Steps => Samples / Batch;
}

/// <summary>Everything that decides how the demo's models are made, besides the seed.</summary>
public sealed record TrainingRecipe
{
    /// <summary>Changes with anything that changes the weights.</summary>
    public const int Version = 1;

    public int Pictures { get; init; } = 32_000;

    public int DogPictures { get; init; } = 12_000;

    public int MaxMerges { get; init; } = 320;

    public Schedule ResNet { get; init; } = new(Samples: 115_000, Batch: 256, LearningRate: 2e-3, WeightDecay: .1);

    public Schedule ViT { get; init; } = new(Samples: 115_000, Batch: 128, LearningRate: 1.5e-3, WeightDecay: .1);

    public Schedule Refiner { get; init; } = new(Samples: 110_000, Batch: 32, LearningRate: 3e-3, WeightDecay: .05);

    /// <summary>Weight of the distance between the ViT's and the ResNet's image features.</summary>
    public double Distillation { get; init; } = 4;
}
