using System.CommandLine;
using FewShotCluster.Cli.Inputs;
using FewShotCluster.Cli.Output;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot class-set create ID --from CLASSES.txt [--template T]* [--family NAME=PREFIX_OR_FILE]* [--policy FILE.json]</c></summary>
internal static class ClassSetCreateVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        var from = new Option<string>("--from") { Description = "Class file: a name a line, each with its integer id at the end or none.", Required = true };
        var templates = new Option<string[]>("--template") { Description = "Prompt template, {} stands for the name; may be repeated." };
        var families = new Option<string[]>("--family")
        {
            Description = "NAME=PREFIX or NAME=FILE: classes whose name starts so, or that the file names, are of this family. "
                + "May be repeated; the first becomes the refiner's family unless the policy names one.",
        };
        var policy = new Option<string?>("--policy") { Description = "Policy as JSON (promptTemplates, refinerFamily, ...)." };
        var write = new WriteOptions();
        var command = write.On(new Command("create", "Creates a class set from a class file.") { id, from, templates, families, policy });
        return command.Runs(shared, async (call, token) =>
        {
            var rules = (call.Get(families) ?? []).Select(FamilyRule.Parse).ToList();
            var definition = new ClassSetDefinition
            {
                Classes = rules.Aggregate(ClassFile.Read(call.Get(from)!), (classes, rule) => rule.Apply(classes)),
                Policy = Policy(call.Get(policy), call.Get(templates) ?? [], rules.FirstOrDefault()?.Family),
            };
            await using var client = await call.ConnectAsync(token);
            var version = await client.CreateClassSetAsync(call.Get(id), definition, write.Of(call), token);
            call.Line($"{version.ClassSetId}: version {version.Version}, {definition.Classes.Count} classes");
            await call.ReportAsync(version, Reports.Default.ClassSetVersion);
            return ExitCodes.Done;
        });
    }

    private static ClassSetPolicy Policy(string? file, string[] templates, string? family)
    {
        var policy = file is null ? new ClassSetPolicy() : PolicyFile.Read(file);
        if (templates.Length > 0) policy = policy with { PromptTemplates = templates };
        return policy with { RefinerFamily = policy.RefinerFamily ?? family };
    }
}
