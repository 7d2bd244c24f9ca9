using System.Security.Cryptography;
using System.Text;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>SHA-256 of what a snapshot scores with, matrices by the addresses of their blocks: everything but the set's id and version.</summary>
internal static class SnapshotDigest
{
    public static string Of(ClassSetSnapshot snapshot)
    {
        using var members = new MemoryStream();
        using var writer = new BinaryWriter(members, Encoding.UTF8);
        writer.Write(snapshot.Classes.Length);
        foreach (var one in snapshot.Classes)
        {
            writer.Write(one.Id);
            writer.Write(one.Name);
            Write(one.Family);
            writer.Write(one.Seen);
        }
        writer.Write(snapshot.LearnFromTraffic);
        writer.Write((int)snapshot.Gate);
        writer.Write(snapshot.ProxyBasis);
        foreach (var stage in snapshot.Calibration)
        {
            writer.Write(stage.Temperature);
            writer.Write(stage.AbstainBelow);
        }
        foreach (var head in snapshot.Encoders)
        {
            writer.Write(head.Encoder);
            writer.Write(head.Digest);
            writer.Write(head.Dimension);
            writer.Write(head.LogitScale);
            writer.Write(head.ProxyShare);
            writer.Write(head.ProbeShare);
            Positions(head.FittedClasses);
            Positions(head.GateClasses);
            Positions(head.ProbeClasses);
            foreach (var matrix in SnapshotMatrices.Of(head, snapshot.Classes.Length)) Address(matrix.Bytes);
        }
        if (snapshot.Refiner is { } refiner)
        {
            writer.Write(refiner.Family);
            writer.Write(refiner.Digest);
            writer.Write(refiner.Dimension);
            Positions(refiner.Classes);
            foreach (var matrix in SnapshotMatrices.Of(refiner)) Address(matrix.Bytes);
        }
        writer.Flush();
        return Convert.ToHexStringLower(SHA256.HashData(members.GetBuffer().AsSpan(0, (int)members.Length)));

        void Write(string? text)
        {
            writer.Write(text is not null);
            writer.Write(text ?? "");
        }

        void Positions(int[] positions)
        {
            writer.Write(positions.Length);
            foreach (var position in positions) writer.Write(position);
        }

        void Address(MatrixBytes bytes)
        {
            writer.Write(bytes.Length);
            foreach (var block in bytes.Blocks) writer.Write(block.ToBytes());
        }
    }
}
