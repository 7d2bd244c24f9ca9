using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Silo.Http;

/// <summary>
/// <c>POST /v1/class-sets/{id}/classify?top=&amp;minVersion=&amp;deadlineMs=&amp;explain=&amp;learn=</c>: the body is the image's bytes.
/// </summary>
internal static class ClassifyEndpoint
{
    public static async Task<IResult> Classify(string id, HttpRequest request, IFewShotClient client, CancellationToken cancellationToken)
    {
        var deadline = request.Number("deadlineMs", 0);
        var options = new ClassifyOptions
        {
            Top = (int)request.Number("top", 5),
            MinimumVersion = request.Number("minVersion", 0),
            Deadline = deadline > 0 ? TimeSpan.FromMilliseconds(deadline) : null,
            Explain = Explain(request.Query["explain"].ToString()),
            Learn = Learn(request.Query["learn"].ToString()),
        };
        var image = await request.BytesAsync(cancellationToken);
        return Results.Json(await client.ClassifyAsync(id, image, options, cancellationToken), EdgeJson.Default.ClassificationAnswer);
    }

    private static bool Learn(string value) => value switch
    {
        "" or "true" => true,
        "false" => false,
        _ => throw new FewShotException(FewShotErrorCode.InvalidArgument, $"learn='{value}' is not true or false"),
    };

    private static ExplainMode Explain(string value) => value switch
    {
        "" or "none" or "false" => ExplainMode.None,
        "route" => ExplainMode.Route,
        "all" or "true" => ExplainMode.AllStages,
        _ => throw new FewShotException(FewShotErrorCode.InvalidArgument, $"explain='{value}' is not none, route or all"),
    };
}
