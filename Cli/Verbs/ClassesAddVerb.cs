using System.CommandLine;
using FewShotCluster.Cli.Inputs;
using FewShotCluster.Cli.Output;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot classes add ID NAME... [--from FILE] [--operation KEY]</c>: prints the new version.</summary>
internal static class ClassesAddVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        var names = new Argument<string[]>("name") { Description = "New names, as they are.", Arity = ArgumentArity.ZeroOrMore };
        var from = new Option<string?>("--from") { Description = "Class file with further names, with or without ids." };
        var write = new WriteOptions();
        var command = write.On(new Command("add", "Adds names; photos of them are recognised at once.") { id, names, from });
        return command.Runs(shared, async (call, token) =>
        {
            List<ClassDefinition> classes = [.. call.Get(names).Select(name => new ClassDefinition(name))];
            if (call.Get(from) is { } file) classes.AddRange(ClassFile.Read(file));
            if (classes.Count == 0) throw new FewShotException(FewShotErrorCode.InvalidArgument, "no names given: list them, or a file by --from");
            await using var client = await call.ConnectAsync(token);
            var version = await client.AddClassesAsync(call.Get(id), classes, write.Of(call), token);
            call.Line($"{version.ClassSetId}: version {version.Version}");
            await call.ReportAsync(version, Reports.Default.ClassSetVersion);
            return ExitCodes.Done;
        });
    }
}
