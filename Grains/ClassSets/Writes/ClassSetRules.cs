using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Hosting;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>What a class set may be; everything else is a typed refusal that says what was wrong and what to do.</summary>
internal sealed class ClassSetRules(FewShotNodeOptions options)
{
    public void CheckId(string classSetId) => CheckText(classSetId, "the class set's id");

    public static void CheckOperation(WriteOperation? operation)
    {
        CheckKey(operation?.Id, "an operation id");
        if (operation!.ExpectedVersion < 0) throw Invalid($"ExpectedVersion is {operation.ExpectedVersion}: versions start at 1, 0 expects no set");
    }

    /// <summary>A key of the caller's.</summary>
    public static void CheckKey(string? key, string what)
    {
        // 128 of the caller's, and room for the batch number that the SDK appends to it.
        if (string.IsNullOrWhiteSpace(key) || key.Length > 144)
            throw Invalid($"{what} of 1 to 128 characters is needed: a fresh one each time, the same one for a repetition");
    }

    /// <summary>The position of the class with a name.</summary>
    public static int Position(string name, ClassSetState state) => Known(
        Array.FindIndex(state.Classes, c => c.Name == name?.Trim()), $"is called '{name}'", state);

    /// <summary>The position of the class with an id.</summary>
    public static int Position(int id, ClassSetState state) => Known(
        Array.FindIndex(state.Classes, c => c.Id == id), $"has the id {id}", state);

    /// <summary>Refuses one more set than is allowed.</summary>
    public void CheckSets(int existing)
    {
        if (existing >= options.MaxClassSets)
            throw Exceeded($"{existing} class sets are there, at most {options.MaxClassSets} are allowed", nameof(options.MaxClassSets));
    }

    /// <summary>Refuses new shots of classes that would have too many.</summary>
    public void CheckPerClass(IEnumerable<int> added, ClassSetState state)
    {
        foreach (var (position, count) in added.CountBy(position => position)) CheckPerClass(position, state.Classes[position].Shots + count, state);
    }

    /// <summary>The same for shots that were moved.</summary>
    public void CheckPerClass(int[][] targets, ClassSetState state)
    {
        foreach (var (position, count) in targets.SelectMany(batch => batch).Where(target => target >= 0).CountBy(target => target))
            if (count > state.Classes[position].Shots) CheckPerClass(position, count, state);
    }

    /// <summary>The records of new classes, names trimmed, missing ids given; checked against those that exist and ids that are gone.</summary>
    public ClassRecord[] NewClasses(
        IReadOnlyList<ClassDefinition> definitions, IReadOnlyList<ClassRecord> existing, IReadOnlyList<int> retired)
    {
        if (existing.Count + definitions.Count > options.MaxClasses)
            throw Exceeded(
                $"{existing.Count + definitions.Count} classes, at most {options.MaxClasses} are allowed in one set", nameof(options.MaxClasses));
        var gone = retired.ToHashSet();
        if (definitions.FirstOrDefault(d => d.Id is { } id && gone.Contains(id)) is { } reused)
            throw new FewShotException(
                FewShotErrorCode.Conflict,
                $"class id {reused.Id} of '{reused.Name}' was that of a class that was removed: ids are not given again; take another, or roll back");
        var names = existing.Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        var ids = existing.Select(c => c.Id).Concat(gone).ToHashSet();
        // All asked ids are taken before free ones are given, or a given one could collide with a later asked one.
        foreach (var id in definitions.Select(d => d.Id).OfType<int>())
            if (!ids.Add(id)) throw Taken(existing.Count, $"class id {id} is used twice");
        var next = 0;
        return [.. definitions.Select(Record)];

        ClassRecord Record(ClassDefinition definition)
        {
            var name = CheckText(definition.Name, "a class name");
            if (!names.Add(name)) throw Taken(existing.Count, $"class '{name}' is there already");
            if (definition.Family is { } family) CheckText(family, $"the family of '{name}'");
            if (definition.Prompt is { } prompt) CheckText(prompt, $"the prompt of '{name}'");
            while (definition.Id is null && !ids.Add(next)) next++;
            return new ClassRecord(definition.Id ?? next, name, definition.Family?.Trim(), definition.Prompt?.Trim(), 0);
        }
    }

    /// <summary>The policy as it is kept: its family is compared with those of classes, which are trimmed too.</summary>
    public ClassSetPolicy Policy(ClassSetPolicy policy)
    {
        if (policy.PromptTemplates.Count == 0) throw Invalid("the policy has no prompt template: give one, for example 'a photo of a {}.'");
        if (policy.PromptTemplates.Count > options.MaxTemplates)
            throw Exceeded(
                $"{policy.PromptTemplates.Count} prompt templates, at most {options.MaxTemplates} are allowed", nameof(options.MaxTemplates));
        foreach (var template in policy.PromptTemplates)
        {
            CheckText(template, "a prompt template");
            if (!template.Contains("{}", StringComparison.Ordinal)) throw Invalid($"prompt template '{template}' has no {{}} for the name");
        }
        if (policy.RefinerFamily is { } family) CheckText(family, "the refiner family");
        InRange(policy.InmapTextTemperature, 1e-6, 1e6, "InmapTextTemperature");
        InRange(policy.InmapImageTemperature, 1e-6, 1e6, "InmapImageTemperature");
        InRange(policy.InmapIterations, 1, 100_000, "InmapIterations");
        InRange(policy.ProbeEpochs, 1, 100_000, "ProbeEpochs");
        InRange(policy.AbstainShare, 0, 0.5, "AbstainShare");
        Defined(policy.Proxies, "Proxies");
        Defined(policy.InmapPreset, "InmapPreset");
        Defined(policy.Gate, "Gate");
        Defined(policy.ProbePreset, "ProbePreset");
        if (policy.ProbeInitialAlpha is { } alpha) InRange(alpha, 0, 1e6, "ProbeInitialAlpha");
        return policy with { RefinerFamily = policy.RefinerFamily?.Trim() };
    }

    /// <summary>Share of each encoder, summing to one; an empty fusion is equal shares.</summary>
    public static double[] Shares(IReadOnlyDictionary<string, double> fusion, IReadOnlyList<string> encoders, string setting)
    {
        if (fusion.Count == 0) return [.. encoders.Select(_ => 1.0 / encoders.Count)];
        if (fusion.Keys.FirstOrDefault(name => !encoders.Contains(name, StringComparer.Ordinal)) is { } unknown)
            throw Invalid($"{setting} names encoder '{unknown}'; there are {string.Join(", ", encoders)}");
        var sum = fusion.Values.Sum();
        // An infinite sum would make every share zero.
        if (fusion.Any(share => !(share.Value >= 0)) || !(sum > 0) || double.IsInfinity(sum))
            throw Invalid($"{setting}: shares must be numbers of at least 0, one of them positive");
        return [.. encoders.Select(name => fusion.GetValueOrDefault(name) / sum)];
    }

    /// <summary>Class positions of shots.</summary>
    public int[] Positions(IReadOnlyList<Shot> shots, ClassSetState state)
    {
        if (shots.Count == 0) throw Invalid("no shots given");
        var have = state.Classes.Sum(c => c.Shots);
        if (have + shots.Count > options.MaxShots)
            throw Exceeded($"{have} shots and {shots.Count} more, at most {options.MaxShots} are allowed in one set", nameof(options.MaxShots));
        var positions = state.Classes.Select((c, position) => (c.Id, position)).ToDictionary(c => c.Id, c => c.position);
        return [.. shots.Select(Position)];

        int Position(Shot shot) => positions.TryGetValue(shot.ClassId, out var position)
            ? position
            : throw Invalid($"shot '{shot.Source}' has class id {shot.ClassId}, which '{state.ClassSetId}' does not have: add it first");
    }

    private string CheckText(string? text, string what)
    {
        var trimmed = text?.Trim();
        if (string.IsNullOrEmpty(trimmed)) throw Invalid($"{what} is empty");
        if (trimmed.Length > options.MaxNameLength)
            throw Exceeded(
                $"{what} has {trimmed.Length} characters, at most {options.MaxNameLength} are allowed ('{trimmed[..Math.Min(20, trimmed.Length)]}...')",
                nameof(options.MaxNameLength));
        if (trimmed.Any(char.IsControl)) throw Invalid($"{what} holds the control character U+{(int)trimmed.First(char.IsControl):X4}");
        if (!IsWellFormed(trimmed)) throw Invalid($"{what} holds half of a surrogate pair: it is no text that could be stored");
        return trimmed;
    }

    /// <summary>Whether UTF-8 can carry it; two names with a lone surrogate each would be one name after a restart.</summary>
    private static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) return false;
            i++;
        }
        return true;
    }

    private static void Defined<T>(T value, string setting) where T : struct, Enum
    {
        if (!Enum.IsDefined(value)) throw Invalid($"{setting} must be one of {string.Join(", ", Enum.GetNames<T>())}, not {value}");
    }

    private static void InRange(double value, double low, double high, string setting)
    {
        if (!(value >= low && value <= high)) throw Invalid($"{setting} must lie between {low} and {high}, not {value}");
    }

    /// <summary>Beside existing classes a clash is a Conflict; within one new list it is the caller's slip.</summary>
    private static FewShotException Taken(int existing, string message) =>
        new(existing > 0 ? FewShotErrorCode.Conflict : FewShotErrorCode.InvalidArgument, message);

    private void CheckPerClass(int position, int shots, ClassSetState state)
    {
        if (shots > options.MaxShotsPerClass)
            throw Exceeded(
                $"class '{state.Classes[position].Name}' would have {shots} shots, at most {options.MaxShotsPerClass} are allowed",
                nameof(options.MaxShotsPerClass));
    }

    private static int Known(int position, string what, ClassSetState state) => position >= 0
        ? position
        : throw Invalid($"no class of '{state.ClassSetId}' {what}");

    /// <summary>A quota is reached; its option is named.</summary>
    public static FewShotException Exceeded(string message, string option) =>
        new(FewShotErrorCode.LimitExceeded, $"{message} (option {option})");

    private static FewShotException Invalid(string message) => new(FewShotErrorCode.InvalidArgument, message);
}
