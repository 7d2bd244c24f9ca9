using FewShotCluster.Bench.Onnx;
using FewShotCluster.Vision.Inference;
using FewShotCluster.Vision.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace FewShotCluster.Bench.Encoders;

/// <summary>A network with the kind of input it is measured on.</summary>
public sealed class Workload
{
    private Workload(string name) => Name = name;

    /// <summary>As figures name it: vit-b-32, text-prompt.</summary>
    public string Name { get; }

    /// <summary>A batch of so many rows.</summary>
    public required Func<int, BenchInput> Input { get; init; }

    /// <summary>The products with weights in one call with so many rows.</summary>
    public required Func<int, IReadOnlyList<MatrixProduct>> Products { get; init; }

    /// <summary>The network that serves, by a plan and with a name for figures.</summary>
    public required Func<ComputePlan, string, IContender> Compiled { get; init; }

    /// <summary>The plain modules in float32, moved to a device.</summary>
    public required Func<Device, IContender> Eager { get; init; }

    /// <summary>As an ONNX model.</summary>
    public required Func<byte[]> Onnx { get; init; }

    /// <summary>The image tower of a CLIP model.</summary>
    public static Workload Image(string name, Clip clip) => new(name)
    {
        Input = batch => BenchInput.Images(batch, clip.Config.ImageResolution),
        Products = batch => NetworkProducts.Image(clip.Config, batch),
        Compiled = (plan, title) =>
        {
            var compiled = new CompiledClip(clip, plan);
            return new TorchContender(title, plan, compiled.EncodeImage, owned: compiled);
        },
        Eager = device => Plain(device, clip, clip.encode_image),
        Onnx = () => ClipImageGraph.Build(clip),
    };

    /// <summary>The text tower of a CLIP model, with texts that fill every position.</summary>
    public static Workload FullTexts(string name, Clip clip) => Texts(name, clip, BenchInput.FullTexts, _ => clip.Config.ContextLength);

    /// <summary>The text tower of a CLIP model, with short prompts; ONNX Runtime computes every position all the same.</summary>
    public static Workload Prompts(string name, Clip clip) => Texts(name, clip, BenchInput.Prompts, BenchInput.LongestPrompt);

    /// <summary>A ConvNeXt-V2 to its logits.</summary>
    public static Workload ConvNeXt(string name, ConvNeXtV2 model, int resolution) => new(name)
    {
        Input = batch => BenchInput.Images(batch, resolution),
        Products = batch => NetworkProducts.ConvNeXt(model, resolution, batch),
        Compiled = (plan, title) =>
        {
            var compiled = new CompiledConvNeXtV2(model, plan, resolution);
            return new TorchContender(title, plan, compiled.Logits, owned: compiled);
        },
        Eager = device => Plain(device, model, model.call),
        Onnx = () => ConvNeXtV2Graph.Build(model, resolution),
    };

    private static Workload Texts(string name, Clip clip, Func<int, int, int, BenchInput> input, Func<int, int> length) => new(name)
    {
        Input = batch => input(batch, clip.Config.ContextLength, clip.Config.VocabularySize),
        Products = batch => NetworkProducts.Text(clip.Config, batch, length(batch)),
        Compiled = (plan, title) =>
        {
            var compiled = new CompiledClip(clip, plan);
            return new TorchContender(title, plan, compiled.EncodeText, compiled.Trim, compiled);
        },
        Eager = device => Plain(device, clip, clip.encode_text),
        Onnx = () => ClipTextGraph.Build(clip),
    };

    private static TorchContender Plain(Device device, nn.Module network, Func<Tensor, Tensor> forward)
    {
        network.to(device);
        return new("eager float32", ComputePlan.For(device, ComputeDtype.Float32, ComputeKernels.Aten), forward);
    }
}
