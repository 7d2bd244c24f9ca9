using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace FewShotCluster.Bench.Onnx;

/// <summary>
/// An ONNX model under construction: nodes over named values, weights by their state-dict keys. Field numbers are onnx.proto's.
/// </summary>
internal sealed class OnnxGraph(IReadOnlyDictionary<string, Tensor> state)
{
    private const string Contrib = "com.microsoft";
    private const int FloatType = 1, Int64Type = 7; // TensorProto.DataType
    private const int IrVersion = 9, Opset = 20;
    private readonly List<ProtoMessage> nodes = [];
    private readonly Dictionary<string, ProtoMessage> initializers = [];
    private readonly List<ProtoMessage> inputs = [];

    /// <summary>Whether the weights have such a key.</summary>
    public bool Has(string key) => state.ContainsKey(key);

    /// <summary>The shape of a weight.</summary>
    public long[] Shape(string key) => state[key].shape;

    /// <summary>float32 input; the batch axis in front of the given ones is dynamic.</summary>
    public string Images(params long[] row) => Input("images", FloatType, row);

    /// <summary>float32 input [N, width].</summary>
    public string Rows(long width) => Input("rows", FloatType, width);

    /// <summary>int64 input [N, context].</summary>
    public string Tokens(long context) => Input("tokens", Int64Type, context);

    /// <summary>A node of the standard's operators, with one output.</summary>
    public string Node(string op, string[] arguments, params (string Name, object Value)[] attributes) =>
        Node(op, "", arguments, attributes);

    /// <summary>A node of ONNX Runtime's own operators, with one output.</summary>
    public string ContribNode(string op, string[] arguments, params (string Name, object Value)[] attributes) =>
        Node(op, Contrib, arguments, attributes);

    /// <summary>A weight as it is stored.</summary>
    public string Weight(string key) => Initializer(key, () => state[key]);

    /// <summary>A matrix the other way round: what the exporter's constant folding leaves of a linear layer's <c>weight.T</c>.</summary>
    public string Transposed(string key) => Initializer($"{key}.T", () => state[key].t());

    /// <summary>A constant vector of integers: axes, shapes, parts.</summary>
    public string Integers(params long[] values)
    {
        var name = $"i64[{string.Join(",", values)}]";
        if (!initializers.ContainsKey(name)) Initialize(name, Int64Type, [values.Length], MemoryMarshal.AsBytes<long>(values).ToArray());
        return name;
    }

    /// <summary>A constant integer without an axis of its own: an index that removes one.</summary>
    public string Index(long value)
    {
        var name = $"i64:{value}";
        if (!initializers.ContainsKey(name)) Initialize(name, Int64Type, [], BitConverter.GetBytes(value));
        return name;
    }

    /// <summary>A constant number.</summary>
    public string Number(float value)
    {
        var name = FormattableString.Invariant($"f32[{value:r}]");
        if (!initializers.ContainsKey(name)) Initialize(name, FloatType, [], BitConverter.GetBytes(value));
        return name;
    }

    /// <summary>The model, with its one output: [N, row].</summary>
    public byte[] Build(string output, long row)
    {
        var graph = new ProtoMessage()
            .Messages(1, nodes)
            .Text(2, "graph")
            .Messages(5, initializers.Values)
            .Messages(11, inputs)
            .Message(12, ValueInfo(output, FloatType, row));
        return new ProtoMessage()
            .Varint(1, IrVersion)
            .Text(2, "FewShotCluster")
            .Message(7, graph)
            .Message(8, new ProtoMessage().Text(1, "").Varint(2, Opset))
            .Message(8, new ProtoMessage().Text(1, Contrib).Varint(2, 1))
            .ToArray();
    }

    private string Node(string op, string domain, string[] arguments, (string Name, object Value)[] attributes)
    {
        var name = $"{op}_{nodes.Count}";
        var node = new ProtoMessage();
        foreach (var argument in arguments) node.Text(1, argument);
        node.Text(2, name).Text(3, name).Text(4, op).Messages(5, attributes.Select(a => Attribute(a.Name, a.Value)));
        if (domain.Length > 0) node.Text(7, domain);
        nodes.Add(node);
        return name;
    }

    private string Input(string name, int type, params long[] row)
    {
        inputs.Add(ValueInfo(name, type, row));
        return name;
    }

    private string Initializer(string name, Func<Tensor> value)
    {
        if (initializers.ContainsKey(name)) return name;
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var tensor = value().to(ScalarType.Float32).cpu().contiguous();
        Initialize(name, FloatType, tensor.shape, tensor.bytes.ToArray());
        return name;
    }

    private void Initialize(string name, int type, long[] shape, byte[] data)
    {
        var tensor = new ProtoMessage();
        foreach (var side in shape) tensor.Varint(1, side);
        initializers.Add(name, tensor.Varint(2, type).Text(8, name).Bytes(9, data));
    }

    private static ProtoMessage ValueInfo(string name, int type, params long[] row)
    {
        var shape = new ProtoMessage().Message(1, new ProtoMessage().Text(2, "N"));
        foreach (var side in row) shape.Message(1, new ProtoMessage().Varint(1, side));
        var tensor = new ProtoMessage().Varint(1, type).Message(2, shape);
        return new ProtoMessage().Text(1, name).Message(2, new ProtoMessage().Message(1, tensor));
    }

    private static ProtoMessage Attribute(string name, object value)
    {
        var attribute = new ProtoMessage().Text(1, name);
        switch (value)
        {
            case float number: return attribute.Float(2, number).Varint(20, 1);
            case int number: return attribute.Varint(3, number).Varint(20, 2);
            case string text: return attribute.Text(4, text).Varint(20, 3);
            case long[] numbers:
                foreach (var number in numbers) attribute.Varint(8, number);
                return attribute.Varint(20, 7);
            default: throw new ArgumentException($"attribute {name}: a {value.GetType().Name} has no ONNX type");
        }
    }
}
