using System.Security.Cryptography;
using System.Text;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>SHA-256 of what a snapshot scores with: everything but the set's id and version.</summary>
internal static class SnapshotDigest
{
    public static string Of(ClassSetSnapshot snapshot)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
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
            foreach (var matrix in SnapshotMatrices.Of(head, snapshot.Classes.Length)) Bytes(matrix.Bytes);
        }
        if (snapshot.Refiner is { } refiner)
        {
            writer.Write(refiner.Family);
            writer.Write(refiner.Digest);
            writer.Write(refiner.Dimension);
            Positions(refiner.Classes);
            foreach (var matrix in SnapshotMatrices.Of(refiner)) Bytes(matrix.Bytes);
        }
        Flush();
        return Convert.ToHexStringLower(hash.GetHashAndReset());

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

        // Matrices are megabytes: hashed where they lie.
        void Bytes(byte[] bytes)
        {
            writer.Write(bytes.Length);
            Flush();
            hash.AppendData(bytes);
        }

        void Flush()
        {
            writer.Flush();
            hash.AppendData(members.GetBuffer().AsSpan(0, (int)members.Length));
            members.SetLength(0);
        }
    }
}
