using FewShotCluster.Client;

namespace FewShotCluster.Silo.Http;

/// <summary>Class sets and status. Writes take the headers <c>Idempotency-Key</c> and <c>If-Match</c>.</summary>
internal static class ClassSetEndpoints
{
    public static async Task<IResult> List(IFewShotClient client, CancellationToken cancellationToken) =>
        Results.Json(await client.ListAsync(cancellationToken), EdgeJson.Default.IReadOnlyListClassSetSummary);

    public static async Task<IResult> Describe(string id, IFewShotClient client, CancellationToken cancellationToken) =>
        Results.Json(await client.DescribeAsync(id, cancellationToken), EdgeJson.Default.ClassSetDescription);

    public static async Task<IResult> Status(IFewShotClient client, CancellationToken cancellationToken) =>
        Results.Json(await client.GetStatusAsync(cancellationToken), EdgeJson.Default.ClusterStatus);

    public static async Task<IResult> Create(string id, HttpRequest request, IFewShotClient client, CancellationToken cancellationToken)
    {
        var body = await request.JsonAsync(EdgeJson.Default.CreateClassSetBody, cancellationToken);
        var version = await client.CreateClassSetAsync(id, body.ToDefinition(), request.Operation(), cancellationToken);
        return Results.Json(version, EdgeJson.Default.ClassSetVersion, statusCode: StatusCodes.Status201Created);
    }

    public static async Task<IResult> AddClasses(string id, HttpRequest request, IFewShotClient client, CancellationToken cancellationToken)
    {
        var body = await request.JsonAsync(EdgeJson.Default.AddClassesBody, cancellationToken);
        var version = await client.AddClassesAsync(id, body.Classes, request.Operation(), cancellationToken);
        return Results.Json(version, EdgeJson.Default.ClassSetVersion);
    }
}
