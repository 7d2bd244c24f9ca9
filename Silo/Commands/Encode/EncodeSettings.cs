using System.CommandLine;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Silo.Commands.Models;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Inference;
using FewShotCluster.Vision.Models;
using TorchSharp;

namespace FewShotCluster.Silo.Commands.Encode;

/// <summary>What the three <c>encode</c> verbs are told alike.</summary>
internal sealed record EncodeSettings(
    string Weights, string Input, string Output, bool Raw, string DeviceName, ComputeDtype Dtype, ComputeKernels Kernels,
    ClipActivation? Activation, int Batch, int? Threads, string? Json)
{
    /// <summary>Checks what can be checked cheaply, and prepares the calling thread for torch.</summary>
    /// <exception cref="DeviceException">This machine or this build has no such device.</exception>
    public ComputePlan Prepare()
    {
        OutputFile.Check("--out", Output);
        OutputFile.Check("--json", Json);
        if (Threads is { } threads) torch.set_num_threads(threads);
        return ComputePlan.For(TorchDevice.Open(DeviceName), Dtype, Kernels);
    }
}

/// <summary>The options of <see cref="EncodeSettings"/>.</summary>
internal sealed class EncodeOptions
{
    private readonly Option<string> weights = new("--weights")
    {
        Description = "A checkpoint; its kind is told from its tensors.",
        Required = true,
    };
    private readonly Option<string> input;
    private readonly Option<string> output = new("--out") { Description = "A .npy file, float32, a row each.", Required = true };
    private readonly Option<bool> raw = new("--raw") { Description = "Features as they come, not of unit length." };
    private readonly Option<string> dtype = new("--dtype")
    {
        Description = "Of weights and activations; auto: what this machine computes fastest.",
        DefaultValueFactory = _ => "float32",
    };
    private readonly Option<string> kernels = new("--kernels")
    {
        Description = "What computes: simd is our own (float32 on AVX2), aten torch's; one that cannot gives way to the next.",
        DefaultValueFactory = _ => "auto",
    };
    private readonly Option<string?> activation = ActivationOption.Create();
    private readonly Option<string> device = DeviceOption.Create();
    private readonly Option<int> batch;
    private readonly Option<int?> threads = NumberOption.Optional("--threads", "Of torch; as many as cores by default.", 1, 1024);
    private readonly Option<string?> json = LocalVerb.JsonOption();

    public EncodeOptions(Command command, string inputDescription, int defaultBatch)
    {
        input = new Option<string>("--input") { Description = inputDescription, Required = true };
        batch = NumberOption.Usual("--batch", "Rows encoded together.", defaultBatch, 1, 4096);
        dtype.AcceptOnlyFromAmong(ComputeWords.Of<ComputeDtype>());
        kernels.AcceptOnlyFromAmong(ComputeWords.Of<ComputeKernels>());
        foreach (var option in new Option[] { weights, input, output, raw, dtype, kernels, activation, device, batch, threads, json })
            command.Add(option);
    }

    public EncodeSettings Read(ParseResult parsed) => new(
        parsed.GetValue(weights)!, parsed.GetValue(input)!, parsed.GetValue(output)!, parsed.GetValue(raw), parsed.GetValue(device)!,
        ComputeWords.Parse<ComputeDtype>(parsed.GetValue(dtype)!), ComputeWords.Parse<ComputeKernels>(parsed.GetValue(kernels)!),
        ActivationOption.Parse(parsed.GetValue(activation)), parsed.GetValue(batch), parsed.GetValue(threads), parsed.GetValue(json));
}
