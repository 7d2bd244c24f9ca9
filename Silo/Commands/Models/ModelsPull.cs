using System.CommandLine;
using System.Net;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Silo.Commands.Downloads;
using FewShotCluster.Vision.Encoders;

namespace FewShotCluster.Silo.Commands.Models;

/// <summary><c>fewshotd models pull</c>: published models by their names, ready to serve.</summary>
internal static class ModelsPull
{
    private const int SomeFailed = 1;

    private static string Names => string.Join(", ", PublishedModels.Models.Select(m => m.Name));

    public static Command Create()
    {
        var names = new Argument<string[]>("name")
        {
            Description = $"Published models, see 'models list': {Names}.",
            Arity = ArgumentArity.OneOrMore,
        };
        var folder = new Option<string?>("--models") { Description = "Folder to bring them into; made if need be." };
        var accept = new Option<bool>(LicenceConsent.Option) { Description = "Accept licences that forbid uses, without being asked." };
        var from = HttpAddress(
            "--from", "A mirror: takes the place of scheme and host in the publishers' URLs, whose paths follow it. Digests still count.");
        var proxy = HttpAddress(
            "--proxy", "HTTP proxy; by default as HTTPS_PROXY, HTTP_PROXY and NO_PROXY say, which may also hold credentials.");
        var retries = NumberOption.Usual(
            "--retries", "Attempts in a row that may bring nothing new.", DownloadLimits.Default.Retries, 0, 1000);
        var command = new Command("pull", "Downloads published models, checks them and adds them to a folder.")
        {
            names, folder, accept, from, proxy, retries,
        };
        command.SetAction((parsed, token) =>
        {
            var models = parsed.GetValue(names)!.Distinct().Select(Published).ToList();
            var target = parsed.GetValue(folder) ?? throw LocalVerb.Invalid("--models is missing: the folder to bring the models into");
            // Who has a model accepted its licence once.
            LicenceConsent.Obtain(
                models.Where(m => ModelsFolder.Find(target, m.Name) is null), parsed.GetValue(accept),
                Console.IsInputRedirected ? null : Console.In, Console.Out);
            return RunAsync(
                target, models, Address(parsed.GetValue(from)), Address(parsed.GetValue(proxy)),
                DownloadLimits.Default with { Retries = parsed.GetValue(retries) }, token);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        string folder, IReadOnlyList<PublishedModel> models, Uri? mirror, Uri? proxy, DownloadLimits limits,
        CancellationToken cancellationToken)
    {
        using var handler = new SocketsHttpHandler();
        if (proxy is not null) handler.Proxy = new WebProxy(proxy);
        // A slow connection is no failure; the download watches for stalls itself.
        using var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        var (done, failures) = (new List<string>(), new List<FewShotException>());
        await LocalVerb.RunAsync(null, (progress, stop) =>
        {
            using var target = ModelsFolder.Open(folder);
            var pull = new ModelPull(target, new FileDownload(http, limits, TimeProvider.System), mirror);
            foreach (var model in models)
            {
                stop.ThrowIfCancellationRequested();
                try
                {
                    var (entry, wasThere) = pull.Run(
                        model, model.Kind == ModelKind.Clip ? PublishedModels.Vocabulary : null, progress, stop);
                    var digest = entry.Sha256 is null ? "not recorded"
                        : model.Sha256 is null ? $"{entry.Sha256} (as downloaded, its publisher tells none; checked from now on)"
                        : entry.Sha256;
                    done.Add($"{entry.Name} {(wasThere ? "was already" : "is now")} in {Path.GetFullPath(folder)}: sha256 {digest}");
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    failures.Add(Named(model, LocalVerb.Translate(e)));
                }
            }
            return 0;
        }, cancellationToken);
        foreach (var line in done) Console.WriteLine(line);
        if (done.Count > 0) ModelsFolder.NoteSeveralConvNeXt(folder);
        if (failures.Count == 0) return 0;
        foreach (var failure in failures.Skip(1)) Console.Error.WriteLine($"also failed: {failure.Code}: {failure.Message}");
        var exit = CommandRunner.Fail(failures[0]);
        return done.Count > 0 ? SomeFailed : exit;
    }

    private static FewShotException Named(PublishedModel model, FewShotException failure) =>
        new(failure.Code, $"{model.Name}: {failure.Message}", inner: failure);

    private static PublishedModel Published(string name) =>
        PublishedModels.Models.FirstOrDefault(m => m.Name == name)
        ?? throw LocalVerb.Invalid($"no published model '{name}'; known are {Names}");

    private static Option<string?> HttpAddress(string name, string description)
    {
        var option = new Option<string?>(name) { Description = description };
        option.Validators.Add(result =>
        {
            if (!Uri.TryCreate(result.GetValueOrDefault<string?>(), UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
                result.AddError($"{name}: an http:// or https:// address is expected");
        });
        return option;
    }

    private static Uri? Address(string? value) => value is null ? null : new Uri(value);
}
