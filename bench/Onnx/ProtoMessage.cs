using System.Text;
using Google.Protobuf;

namespace FewShotCluster.Bench.Onnx;

/// <summary>A message in protobuf's wire format, as pieces: a large field is referred to, not copied, until the whole is written.</summary>
internal sealed class ProtoMessage
{
    private readonly List<ReadOnlyMemory<byte>> pieces = [];
    private int length;

    public ProtoMessage Varint(int field, long value) => Add(stream =>
    {
        stream.WriteTag(field, WireFormat.WireType.Varint);
        stream.WriteInt64(value);
    });

    public ProtoMessage Float(int field, float value) => Add(stream =>
    {
        stream.WriteTag(field, WireFormat.WireType.Fixed32);
        stream.WriteFloat(value);
    });

    public ProtoMessage Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public ProtoMessage Bytes(int field, ReadOnlyMemory<byte> value) => Delimited(field, value.Length).Add(value);

    public ProtoMessage Message(int field, ProtoMessage value)
    {
        Delimited(field, value.length);
        foreach (var piece in value.pieces) Add(piece);
        return this;
    }

    public ProtoMessage Messages(int field, IEnumerable<ProtoMessage> values)
    {
        foreach (var value in values) Message(field, value);
        return this;
    }

    public byte[] ToArray()
    {
        var whole = new byte[length];
        var at = 0;
        foreach (var piece in pieces)
        {
            piece.CopyTo(whole.AsMemory(at));
            at += piece.Length;
        }
        return whole;
    }

    private ProtoMessage Delimited(int field, int bytes) => Add(stream =>
    {
        stream.WriteTag(field, WireFormat.WireType.LengthDelimited);
        stream.WriteLength(bytes);
    });

    private ProtoMessage Add(Action<CodedOutputStream> write)
    {
        using var buffer = new MemoryStream();
        using (var stream = new CodedOutputStream(buffer, leaveOpen: true)) write(stream);
        return Add(buffer.ToArray());
    }

    private ProtoMessage Add(ReadOnlyMemory<byte> piece)
    {
        pieces.Add(piece);
        length = checked(length + piece.Length);
        return this;
    }
}
