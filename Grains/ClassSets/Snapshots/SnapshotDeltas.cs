using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>What changed between two versions, as rows that stay and rows that are new; rows are known by their classes' ids.</summary>
internal static class SnapshotDeltas
{
    /// <summary>Null: the snapshots have other encoders, so that the whole must travel.</summary>
    public static SnapshotDelta? Between(ClassSetSnapshot from, ClassSetSnapshot to)
    {
        if (!from.Encoders.Select(Shape).SequenceEqual(to.Encoders.Select(Shape))) return null;
        var (classes, fresh) = Classes(from.Classes, to.Classes);
        return new SnapshotDelta
        {
            From = from.Version,
            Rest = to with
            {
                Classes = [],
                Encoders = [.. to.Encoders.Select(head => SnapshotMatrices.With(head, [.. Enumerable.Repeat(MatrixBytes.Empty, 6)]))],
                Refiner = SnapshotMatrices.With(to.Refiner, [MatrixBytes.Empty, MatrixBytes.Empty]),
            },
            Classes = classes,
            NewClasses = fresh,
            Encoders =
            [
                .. to.Encoders.Select((head, e) => Edits(
                    from, to, SnapshotMatrices.Of(from.Encoders[e], from.Classes.Length), SnapshotMatrices.Of(head, to.Classes.Length))),
            ],
            Refiner = Edits(from, to, SnapshotMatrices.Of(from.Refiner), SnapshotMatrices.Of(to.Refiner)),
        };
    }

    /// <summary>The next snapshot.</summary>
    /// <exception cref="FewShotException">Internal: the delta is another snapshot's.</exception>
    public static ClassSetSnapshot Apply(ClassSetSnapshot from, SnapshotDelta delta)
    {
        if (from.Version != delta.From || from.ClassSetId != delta.Rest.ClassSetId || from.Encoders.Length != delta.Encoders.Length)
            throw new FewShotException(
                FewShotErrorCode.Internal,
                $"a delta from version {delta.From} of '{delta.Rest.ClassSetId}' was applied to version {from.Version} of '{from.ClassSetId}'");
        var literals = 0;
        var classes = new List<ClassEntry>();
        foreach (var edit in delta.Classes)
        {
            classes.AddRange(edit.Start < 0 ? delta.NewClasses.AsSpan(literals, edit.Count) : from.Classes.AsSpan(edit.Start, edit.Count));
            if (edit.Start < 0) literals += edit.Count;
        }
        return delta.Rest with
        {
            Classes = [.. classes],
            Encoders =
            [
                .. delta.Rest.Encoders.Select((head, e) => SnapshotMatrices.With(
                    head, Apply(SnapshotMatrices.Of(from.Encoders[e], from.Classes.Length), delta.Encoders[e]))),
            ],
            Refiner = SnapshotMatrices.With(delta.Rest.Refiner, Apply(SnapshotMatrices.Of(from.Refiner), delta.Refiner)),
        };
    }

    private static MatrixBytes[] Apply(SnapshotMatrices.Matrix[] from, MatrixEdit[] edits) =>
        [.. edits.Select((edit, i) => Apply(i < from.Length ? from[i].Bytes : MatrixBytes.Empty, edit))];

    private static MatrixBytes Apply(MatrixBytes from, MatrixEdit edit)
    {
        // Rows were added below, or nothing changed: no fresh megabytes.
        if (edit.Rows is [{ Start: 0 } all, ..] && all.Count * edit.RowBytes == from.Length && Array.TrueForAll(edit.Rows[1..], rows => rows.Start < 0))
            return from.Append(edit.Literals);
        var bytes = new byte[edit.Rows.Sum(rows => rows.Count) * edit.RowBytes];
        var (end, literals) = (0, 0);
        foreach (var rows in edit.Rows)
        {
            var length = rows.Count * edit.RowBytes;
            var source = rows.Start < 0 ? edit.Literals.AsSpan(literals, length) : from.Span.Slice(rows.Start * edit.RowBytes, length);
            source.CopyTo(bytes.AsSpan(end));
            if (rows.Start < 0) literals += length;
            end += length;
        }
        return bytes;
    }

    private static MatrixEdit[] Edits(
        ClassSetSnapshot from, ClassSetSnapshot to, SnapshotMatrices.Matrix[] before, SnapshotMatrices.Matrix[] after) =>
        [.. after.Select((matrix, i) => Edit(from, to, i < before.Length ? before[i] : new(MatrixBytes.Empty, matrix.RowBytes, []), matrix))];

    private static MatrixEdit Edit(
        ClassSetSnapshot from, ClassSetSnapshot to, SnapshotMatrices.Matrix before, SnapshotMatrices.Matrix after)
    {
        if (before.RowBytes == after.RowBytes && after.Bytes.IsGrownFrom(before.Bytes))
        {
            RowEdit[] grown = [new(0, before.Rows.Length), new(-1, after.Rows.Length - before.Rows.Length)];
            return new(after.RowBytes, Rows(grown.Where(rows => rows.Count > 0)), after.Bytes.Span[before.Bytes.Length..].ToArray());
        }
        var known = before.Rows.Select((position, row) => (from.Classes[position].Id, row)).ToDictionary(pair => pair.Id, pair => pair.row);
        var (edits, literals) = (new EditList(), new List<int>());
        for (var row = 0; row < after.Rows.Length; row++)
        {
            var bytes = after.Bytes.Span.Slice(row * after.RowBytes, after.RowBytes);
            if (before.RowBytes == after.RowBytes && known.TryGetValue(to.Classes[after.Rows[row]].Id, out var old)
                && bytes.SequenceEqual(before.Bytes.Span.Slice(old * before.RowBytes, before.RowBytes)))
            {
                edits.Take(old);
            }
            else
            {
                edits.Write();
                literals.Add(row);
            }
        }
        var values = new byte[literals.Count * after.RowBytes];
        for (var i = 0; i < literals.Count; i++)
            after.Bytes.Span.Slice(literals[i] * after.RowBytes, after.RowBytes).CopyTo(values.AsSpan(i * after.RowBytes));
        return new(after.RowBytes, Rows(edits.Edits), values);
    }

    private static (RowEdit[] Edits, ClassEntry[] Fresh) Classes(ClassEntry[] before, ClassEntry[] after)
    {
        var known = before.Select((entry, position) => (entry, position)).ToDictionary(pair => pair.entry, pair => pair.position);
        var (edits, fresh) = (new EditList(), new List<ClassEntry>());
        foreach (var entry in after)
        {
            if (known.TryGetValue(entry, out var old))
            {
                edits.Take(old);
            }
            else
            {
                edits.Write();
                fresh.Add(entry);
            }
        }
        return ([.. edits.Edits], [.. fresh]);
    }

    private static (string, string, int) Shape(EncoderHead head) => (head.Encoder, head.Digest, head.Dimension);

    private static RowEdit[] Rows(IEnumerable<RowEdit> edits) => [.. edits];

    /// <summary>Stretches that grow row by row.</summary>
    private sealed class EditList
    {
        public List<RowEdit> Edits { get; } = [];

        public void Take(int row)
        {
            if (Edits.Count > 0 && Edits[^1] is { Start: >= 0 } last && last.Start + last.Count == row) Edits[^1] = last with { Count = last.Count + 1 };
            else Edits.Add(new(row, 1));
        }

        public void Write()
        {
            if (Edits.Count > 0 && Edits[^1] is { Start: < 0 } last) Edits[^1] = last with { Count = last.Count + 1 };
            else Edits.Add(new(-1, 1));
        }
    }
}
