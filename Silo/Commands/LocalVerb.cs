using System.CommandLine;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Errors;
using FewShotCluster.Silo.Hosting;
using FewShotCluster.Vision.Adaptation;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Tokenization;
using Spectre.Console;

namespace FewShotCluster.Silo.Commands;

/// <summary>What verbs that work without a cluster share: a thread of their own, progress, Ctrl-C, typed failures.</summary>
internal static class LocalVerb
{
    public static Option<string?> JsonOption() => new("--json") { Description = "Write the report to a file, or - for standard output." };

    /// <summary>Where the story is told: standard error where it would mix with a report on standard output.</summary>
    public static TextWriter Story(string? json) => json == "-" ? Console.Error : Console.Out;

    /// <summary>Runs the work on one dedicated thread, which torch's thread count belongs to.</summary>
    /// <param name="json">The value of <c>--json</c>.</param>
    /// <param name="work">Gets a reporter of (step, share done) and a token that Ctrl-C cancels.</param>
    /// <param name="cancellationToken">Cancels as Ctrl-C does.</param>
    public static Task<T> RunAsync<T>(
        string? json, Func<Action<string, double>, CancellationToken, T> work, CancellationToken cancellationToken) =>
        RunTaskAsync(json, (progress, stop) => Task.Factory.StartNew(
            () => work(progress, stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default), cancellationToken);

    /// <summary>Runs work that waits for others rather than computing.</summary>
    /// <inheritdoc cref="RunAsync" path="/param"/>
    public static async Task<T> RunTaskAsync<T>(
        string? json, Func<Action<string, double>, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Story(json)) });
        using var interruption = new Interruption(cancellationToken);
        try
        {
            return await VerbProgress.ShowAsync(console, progress => work(progress, interruption.Token));
        }
        catch (Exception e) when (e is not (FewShotException or OperationCanceledException))
        {
            throw Translate(e);
        }
    }

    public static FewShotException Invalid(string message, Exception? inner = null) =>
        new(FewShotErrorCode.InvalidArgument, message, inner: inner);

    /// <summary>Failures of the user's files, which a node meets as typed requests instead; the rest is as at a node's start.</summary>
    public static FewShotException Translate(Exception failure) => failure switch
    {
        ImageException or TextTooLongException or DeviceException or AdaptationException =>
            (FewShotException)VisionErrors.Translate(failure, FewShotErrorCode.Internal),
        InvalidDataException => Invalid(failure.Message, failure),
        _ => StartupFailure.Translate(failure),
    };
}
