using System.CommandLine;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Vision.Numerics;

namespace FewShotCluster.Silo.Commands;

/// <summary><c>fewshotd tokenize</c>: the token ids of texts, as CLIP's text tower gets them.</summary>
internal static class TokenizeCommand
{
    public static Command Create()
    {
        var vocabulary = new Option<string>("--vocab") { Description = "BPE merges, plain or gzip.", Required = true };
        var input = new Option<string>("--input") { Description = "UTF-8 texts, one a line; a blank line is a text too.", Required = true };
        var output = new Option<string>("--out") { Description = "A .npy file, int64 [N,77]; a text too long is cut.", Required = true };
        var command = new Command("tokenize", "Writes the token ids of texts.") { vocabulary, input, output };
        command.SetAction((parsed, token) => LocalVerb.RunAsync(null, (_, _) =>
        {
            OutputFile.Check("--out", parsed.GetValue(output));
            var texts = InputFile.ReadTexts(parsed.GetValue(input)!);
            var tokenizer = Vocabulary.LoadWhole(parsed.GetValue(vocabulary)!);
            OutputFile.Write(parsed.GetValue(output)!, NpyArray.From(tokenizer.Tokenize(texts), texts.Count, tokenizer.ContextLength));
            return 0;
        }, token));
        return command;
    }
}
