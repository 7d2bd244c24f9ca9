using System.CommandLine;
using System.Diagnostics;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Vision.Numerics;

namespace FewShotCluster.Silo.Commands.Encode;

/// <summary><c>fewshotd encode texts</c>: a row for each line.</summary>
internal static class EncodeTexts
{
    public static Command Create()
    {
        var vocabulary = new Option<string>("--vocab") { Description = "BPE merges, plain or gzip.", Required = true };
        var command = new Command("texts", "Text features of a CLIP model.") { vocabulary };
        var options = new EncodeOptions(command, "UTF-8 texts, one a line; a blank line is a text too.", defaultBatch: 64);
        command.SetAction((parsed, token) => RunAsync(options.Read(parsed), parsed.GetValue(vocabulary)!, token));
        return command;
    }

    private static async Task<int> RunAsync(EncodeSettings settings, string vocabulary, CancellationToken cancellationToken)
    {
        var count = await LocalVerb.RunAsync(
            settings.Json, (progress, stop) => Encode(settings, vocabulary, progress, stop), cancellationToken);
        LocalVerb.Story(settings.Json).WriteLine($"{count} texts in {settings.Output}");
        return 0;
    }

    private static int Encode(
        EncodeSettings settings, string vocabulary, Action<string, double> progress, CancellationToken cancellationToken)
    {
        var texts = InputFile.ReadTexts(settings.Input);
        using var model = Loading.Run(settings, progress);
        var config = model.Clip ?? throw LocalVerb.Invalid($"{settings.Weights} is a ConvNeXt; encode texts takes CLIP weights");
        var tokenizer = Vocabulary.Load(vocabulary, config.VocabularySize, config.ContextLength);

        var clock = Stopwatch.StartNew();
        var (rows, done) = (new List<float>(), 0);
        foreach (var batch in texts.Chunk(settings.Batch))
        {
            cancellationToken.ThrowIfCancellationRequested();
            rows.AddRange(model.EncodeTexts(tokenizer.Tokenize(batch), settings.Raw));
            progress("encoding", (double)(done += batch.Length) / texts.Count);
        }
        var seconds = clock.Elapsed.TotalSeconds;
        var report = new TextsReport(texts.Count, seconds, texts.Count / seconds, model.Report(settings.Weights));
        OutputFile.Write(settings.Output, NpyArray.From([.. rows], texts.Count, config.EmbedDim));
        OutputFile.WriteJson(settings.Json, report);
        return texts.Count;
    }
}
