using FewShotCluster.Vision.Adaptation;
using FewShotCluster.Vision.Numerics;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.TestSupport;

/// <summary>
/// Made-up CLIP features: each class a Gaussian around a direction on the image side; its text is that direction, disturbed, on the
/// other side of a modality gap. Classes may come in pairs that are easily confused. Everything follows from the seed.
/// </summary>
public sealed class SyntheticClip
{
    private readonly SplitMix64 _random;
    private readonly Tensor _centres; // [C,D]
    private readonly Tensor _gap;     // [D]
    private readonly double _spread;

    /// <param name="seed">Of everything.</param>
    /// <param name="classes">C.</param>
    /// <param name="size">D.</param>
    /// <param name="spread">Length of an image's distance from its class's direction.</param>
    /// <param name="textNoise">Length of a text's distance from its class's direction, the gap aside.</param>
    /// <param name="pairDistance">Length of the distance of every second class's direction from the one before; null: no pairs.</param>
    public SyntheticClip(
        ulong seed, int classes, int size, double spread = 1.5, double textNoise = 1.2, double? pairDistance = null)
    {
        _random = new SplitMix64(seed);
        _spread = spread;
        Classes = classes;
        _centres = Unit(Gaussian(classes, size));
        if (pairDistance is { } distance)
        {
            var first = _centres.index_select(0, torch.arange(0, classes, 1).bitwise_and(torch.tensor(-2L)));
            var isSecond = torch.arange(0, classes).bitwise_and(torch.tensor(1L)).unsqueeze(1);
            _centres = Unit(first.Plus((isSecond * _centres).Times(distance)));
        }
        _gap = Unit(Gaussian(1, size)).squeeze(0);
        Text = Unit(_centres.Plus(Unit(Gaussian(classes, size)).Times(textNoise)) - _gap.Times(0.6)).t().contiguous();
    }

    public int Classes { get; }

    /// <summary>T [D,C], float64.</summary>
    public Tensor Text { get; }

    /// <summary>Images of the given class sizes, float64, class by class.</summary>
    public LabelledFeatures Draw(params int[] perClass)
    {
        var labels = Enumerable.Range(0, perClass.Length).SelectMany(c => Enumerable.Repeat((long)c, perClass[c])).ToArray();
        var index = torch.tensor(labels);
        var noise = Unit(Gaussian(labels.Length, (int)_centres.shape[1]));
        return new LabelledFeatures(Unit(_centres.index_select(0, index).Plus(noise.Times(_spread)).Plus(_gap.Times(0.6))), index);
    }

    public LabelledFeatures DrawEven(int perClass) => Draw(Enumerable.Repeat(perClass, Classes).ToArray());

    public Tensor Gaussian(int rows, int columns)
    {
        var values = new double[rows * columns];
        for (var i = 0; i < values.Length; i++)
            values[i] = Math.Sqrt(-2 * Math.Log(1 - _random.Fraction())) * Math.Cos(2 * Math.PI * _random.Fraction());
        return torch.tensor(values).reshape(rows, columns);
    }

    private static Tensor Unit(Tensor rows) => rows / rows.norm(1, keepdim: true);
}
