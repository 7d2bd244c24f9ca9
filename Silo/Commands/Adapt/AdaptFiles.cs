using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Vision.Adaptation;
using FewShotCluster.Vision.Numerics;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Silo.Commands.Adapt;

/// <summary>
/// Features, proxies and labels in <c>.npy</c> files; tensors belong to the caller's dispose scope. Proxies are [C,D] on disk, a row for
/// each class as encoders write them, and [D,C] in the methods.
/// </summary>
internal static class AdaptFiles
{
    /// <summary>Image features [N,D], rows of unit length; float64 stays, the others become float32.</summary>
    public static Tensor Features(string path) => UnitRows(path, Matrix(path));

    /// <summary>More features, in the precision of those there are.</summary>
    public static Tensor Features(string path, Tensor like)
    {
        var features = Matrix(path);
        CheckSize(path, features, like);
        return UnitRows(path, features).to(like.dtype);
    }

    /// <summary>Class proxies [D,C], of the length they have, in the precision of the features.</summary>
    public static Tensor Proxies(string path, Tensor features)
    {
        var proxies = Matrix(path);
        CheckSize(path, proxies, features);
        UnitRows(path, proxies).Dispose(); // only for its checks
        return proxies.to(features.dtype).t().contiguous();
    }

    /// <summary>A class index for each of so many rows.</summary>
    public static long[] Labels(string path, long rows, long classes)
    {
        var array = InputFile.ReadArray(path);
        if (array.Descriptor[1] is not ('i' or 'u'))
            throw LocalVerb.Invalid($"{path} holds '{array.Descriptor}'; labels are whole numbers, int64 ('<i8') for example");
        if (array.Shape is not [var count] || count != rows)
            throw LocalVerb.Invalid($"{path} is {Shape(array.Shape)}; {rows} labels are expected, one for each row of the features");
        var labels = array.ToInt64s();
        var wrong = Array.FindIndex(labels, label => label < 0 || label >= classes);
        return wrong < 0
            ? labels
            : throw LocalVerb.Invalid($"{path}: row {wrong} has label {labels[wrong]}; the {classes} classes are counted from 0");
    }

    /// <summary>Features with labels, both beside a set that is already there.</summary>
    public static LabelledFeatures Labelled(string features, string labels, Tensor like, long classes)
    {
        var rows = Features(features, like);
        return new LabelledFeatures(rows, torch.tensor(Labels(labels, rows.shape[0], classes)));
    }

    /// <summary>Writes proxies [D,C] as a row for each class.</summary>
    public static void WriteProxies(string? path, Tensor proxies)
    {
        if (path is not null) OutputFile.Write(path, ToArray(proxies.t()));
    }

    /// <summary>A tensor as the float32 array that travels.</summary>
    public static NpyArray ToArray(Tensor tensor) =>
        NpyArray.From(tensor.to(torch.ScalarType.Float32).contiguous().data<float>().ToArray(), tensor.shape);

    private static Tensor Matrix(string path)
    {
        var array = InputFile.ReadArray(path);
        var type = array.Descriptor switch
        {
            "<f8" => torch.ScalarType.Float64,
            "<f4" => torch.ScalarType.Float32,
            "<f2" => torch.ScalarType.Float16,
            var other => throw LocalVerb.Invalid($"{path} holds '{other}'; float32 ('<f4'), float64 or float16 is expected"),
        };
        if (array.Shape is not [> 0, > 0])
            throw LocalVerb.Invalid($"{path} is {Shape(array.Shape)}; a matrix with a row for each image or class is expected");
        var matrix = torch.empty(array.Shape, type);
        array.Data.CopyTo(matrix.bytes);
        return matrix;
    }

    private static void CheckSize(string path, Tensor matrix, Tensor like)
    {
        if (matrix.shape[1] != like.shape[1])
            throw LocalVerb.Invalid($"{path} is {Shape(matrix.shape)}; rows of {like.shape[1]} numbers are expected, as --features has");
    }

    private static Tensor UnitRows(string path, Tensor matrix)
    {
        try
        {
            return Scores.UnitRows(matrix);
        }
        catch (AdaptationException e)
        {
            throw LocalVerb.Invalid($"{path}: {e.Message}", e);
        }
    }

    private static string Shape(long[] shape) => $"[{string.Join(',', shape)}]";
}
