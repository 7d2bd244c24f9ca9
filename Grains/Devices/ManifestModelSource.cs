using FewShotCluster.Grains.Hosting;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Inference;

namespace FewShotCluster.Grains.Devices;

/// <summary>Loads what the manifest of the models folder names: every CLIP model, and the first ConvNeXt as the refiner.</summary>
internal sealed class ManifestModelSource(FewShotNodeOptions options) : IDeviceModelSource
{
    public DeviceModels Load(string device)
    {
        var manifest = ModelManifest.Load(options.ModelsDirectory);
        var plan = ComputePlan.For(TorchDevice.Open(device), options.Dtype, options.Kernels);
        var encoders = new List<ServedEncoder>();
        ServedRefiner? refiner = null;
        try
        {
            foreach (var model in manifest.Models)
            {
                var digest = manifest.VerifyWeights(model);
                var weights = manifest.Resolve(model.Weights);
                if (model.Kind == ModelKind.Clip)
                    encoders.Add(Encoder(model, weights, digest, manifest.Resolve(model.Vocabulary!), plan));
                else if (refiner is null)
                    refiner = Backbone(model, weights, digest, plan);
                else
                    throw new CheckpointException($"{options.ModelsDirectory}: '{model.Name}' is a second refiner; a node serves one");
            }
            if (encoders.Count == 0) throw new CheckpointException($"{options.ModelsDirectory}: the manifest names no CLIP model");
            return new DeviceModels(encoders, refiner, plan.DtypeName, plan.KernelsName);
        }
        catch
        {
            foreach (var encoder in encoders) encoder.Network.Dispose();
            refiner?.Network.Dispose();
            throw;
        }
    }

    private static ServedEncoder Encoder(ModelEntry model, string weights, string digest, string vocabulary, ComputePlan plan) =>
        new(model.Name, ClipEncoder.Load(weights, vocabulary, plan, activation: model.Activation, weightsDigest: digest));

    private static ServedRefiner Backbone(ModelEntry model, string weights, string digest, ComputePlan plan) =>
        new(model.Name, RefinerEncoder.Load(weights, model.Resolution ?? RefinerEncoder.DefaultResolution, plan, weightsDigest: digest));
}
