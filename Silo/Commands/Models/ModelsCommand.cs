using System.CommandLine;
using FewShotCluster.Silo.Hosting;

namespace FewShotCluster.Silo.Commands.Models;

/// <summary><c>fewshotd models</c>: the folder that a node serves from.</summary>
internal static class ModelsCommand
{
    public static Command Create() => new("models", "Lists, downloads, checks and takes in model weights.")
    {
        ModelsList.Create(), ModelsPull.Create(), ModelsVerify.Create(), ModelsImport.Create(),
    };

    public static Option<string> FolderOption() => new("--models")
    {
        Description = "Folder with manifest.json and the weights; the demo's by default.",
        DefaultValueFactory = _ => NodeSettings.DemoModels,
    };
}
