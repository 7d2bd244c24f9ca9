using FewShotCluster.Client.Calls;
using FewShotCluster.Client.Connection;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Errors;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FewShotCluster.Client;

/// <summary>
/// <see cref="IFewShotClient"/> over a cluster's gateways. A gateway that cannot be reached is
/// <see cref="FewShotErrorCode.DeviceUnavailable"/> (transient, HTTP 503): the message names it and says what to check.
/// </summary>
public sealed partial class FewShotClient : IFewShotClient
{
    private readonly IClusterConnection connection;
    private readonly FewShotClientOptions options;
    private readonly CallPolicy calls;

    internal FewShotClient(IClusterConnection connection, FewShotClientOptions options, TimeProvider? time = null)
    {
        Check(options);
        (this.connection, this.options) = (connection, options);
        calls = new CallPolicy(connection, options, time ?? TimeProvider.System);
    }

    /// <summary>Connects to a cluster, for programs without a host (with one: <c>services.AddFewShotClient</c>).</summary>
    /// <param name="options">Where the cluster is.</param>
    /// <param name="loggers">For the connection's log; null: none.</param>
    /// <param name="cancellationToken">Cancels the connecting.</param>
    /// <returns>A client to keep for the life of the program, and to dispose.</returns>
    /// <exception cref="FewShotException">InvalidArgument for options out of range; DeviceUnavailable when no gateway answers in time.</exception>
    public static async Task<FewShotClient> ConnectAsync(
        FewShotClientOptions options, ILoggerFactory? loggers = null, CancellationToken cancellationToken = default)
    {
        Check(options);
        var connection = new GatewayConnection(options, loggers ?? NullLoggerFactory.Instance);
        try
        {
            await connection.EnsureConnectedAsync(cancellationToken);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
        return new FewShotClient(connection, options);
    }

    /// <summary>A client over grains that this process reaches already: a silo's own, or an Orleans client's that the program connected.</summary>
    /// <param name="grains">The factory; stays the caller's.</param>
    /// <param name="options">Timeouts and retries; gateways and ids are not used.</param>
    public static FewShotClient OverGrains(IGrainFactory grains, FewShotClientOptions? options = null) =>
        new(new GrainFactoryConnection(grains), options ?? new FewShotClientOptions());

    /// <inheritdoc/>
    public Task<ClassSetVersion> CreateClassSetAsync(
        string classSetId, ClassSetDefinition definition, WriteOperation? operation = null, CancellationToken cancellationToken = default)
    {
        PayloadLimits.CheckClasses(definition.Classes);
        var write = operation ?? NewOperation();
        return Write($"create class set '{classSetId}'", classSetId, (set, token) => set.Create(definition, write, token), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<ClassSetVersion> AddClassesAsync(
        string classSetId, IReadOnlyList<ClassDefinition> classes, WriteOperation? operation = null, CancellationToken cancellationToken = default)
    {
        PayloadLimits.CheckClasses(classes);
        var write = operation ?? NewOperation();
        return Write($"add classes to '{classSetId}'", classSetId, (set, token) => set.AddClasses(classes, write, token), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<ClassSetVersion> DeleteClassSetAsync(
        string classSetId, WriteOperation? operation = null, CancellationToken cancellationToken = default)
    {
        var write = operation ?? NewOperation();
        return Write($"delete class set '{classSetId}'", classSetId, (set, token) => set.Delete(write, token), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<ClassSetVersion> RemoveClassesAsync(
        string classSetId, IReadOnlyList<string> names, WriteOperation? operation = null, CancellationToken cancellationToken = default)
    {
        PayloadLimits.CheckClasses([.. names.Select(name => new ClassDefinition(name))]);
        var write = operation ?? NewOperation();
        return Write($"remove classes of '{classSetId}'", classSetId, (set, token) => set.RemoveClasses(names, write, token), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<ClassSetVersion> RenameClassAsync(
        string classSetId, string name, string newName, string? newPrompt = null, WriteOperation? operation = null,
        CancellationToken cancellationToken = default)
    {
        PayloadLimits.CheckClasses([new ClassDefinition(name), new ClassDefinition(newName, Prompt: newPrompt)]);
        var write = operation ?? NewOperation();
        return Write(
            $"rename a class of '{classSetId}'", classSetId, (set, token) => set.RenameClass(name, newName, newPrompt, write, token),
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<ClassSetVersion> RollbackAsync(
        string classSetId, long version, WriteOperation? operation = null, CancellationToken cancellationToken = default)
    {
        var write = operation ?? NewOperation();
        return Write($"roll '{classSetId}' back", classSetId, (set, token) => set.Rollback(version, write, token), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<ClassSetVersionRecord>> GetHistoryAsync(string classSetId, CancellationToken cancellationToken = default) =>
        Read($"history of '{classSetId}'", () => ClassSet(classSetId).GetHistory(), cancellationToken);

    /// <inheritdoc/>
    public Task<ClassSetDescription> DescribeAsync(string classSetId, CancellationToken cancellationToken = default) =>
        Read($"describe '{classSetId}'", () => ClassSet(classSetId).Describe(), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ClassSetSummary>> ListAsync(CancellationToken cancellationToken = default) =>
        calls.RunAsync(
            "list class sets", options.ReadTimeout, options.AttemptTimeout, (_, token) => connection.Catalog().List(token), cancellationToken);

    /// <inheritdoc/>
    public Task<ClusterStatus> GetStatusAsync(CancellationToken cancellationToken = default) =>
        calls.RunAsync(
            "status", options.ReadTimeout, options.AttemptTimeout, (_, token) => connection.Status().GetStatus(token), cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private static WriteOperation NewOperation() => new(Guid.NewGuid().ToString("N"));

    private static void Check(FewShotClientOptions options)
    {
        var result = new FewShotClientOptionsValidator().Validate(null, options);
        if (result.Failed) throw new FewShotException(FewShotErrorCode.InvalidArgument, string.Join("; ", result.Failures));
    }

    private Task<T> Read<T>(string what, Func<Task<T>> call, CancellationToken cancellationToken) =>
        calls.RunAsync(what, options.ReadTimeout, options.AttemptTimeout, (_, _) => call(), cancellationToken);

    private Task<T> Write<T>(
        string what, string classSetId, Func<IClassSetGrain, CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        calls.RunAsync(what, options.WriteTimeout, null, (_, token) => call(ClassSet(classSetId), token), cancellationToken);

    private IClassSetGrain ClassSet(string classSetId) => connection.ClassSet(RequireId(classSetId));

    private static string RequireId(string classSetId) => string.IsNullOrWhiteSpace(classSetId)
        ? throw new FewShotException(FewShotErrorCode.InvalidArgument, "the class set's id is empty")
        : classSetId;
}
