using FewShotCluster.Silo.Hosting;

namespace FewShotCluster.Silo.Http;

/// <summary>The HTTP edge: version 1 of the API, health and metrics.</summary>
internal static class Edge
{
    public static void MapFewShotEdge(this WebApplication app)
    {
        var v1 = app.MapGroup("/v1").AddEndpointFilter(Problems.Filter);
        v1.MapGet("/class-sets", ClassSetEndpoints.List);
        v1.MapGet("/class-sets/{id}", ClassSetEndpoints.Describe);
        v1.MapPut("/class-sets/{id}", ClassSetEndpoints.Create);
        v1.MapPost("/class-sets/{id}/classes", ClassSetEndpoints.AddClasses);
        v1.MapPost("/class-sets/{id}/classify", ClassifyEndpoint.Classify);
        v1.MapGet("/status", ClassSetEndpoints.Status);
        v1.MapPost("/devices/faults", DeviceEndpoints.InjectFault);
        // Depends on nothing outside the process: a restart cures nothing else.
        app.MapGet("/healthz/live", () => Results.Text("live\n"));
        app.MapGet("/healthz/ready", (NodeReadiness readiness) => readiness.Reason() is { } reason
            ? Results.Text($"not ready: {reason}\n", statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Text("ready\n"));
        app.MapPrometheusScrapingEndpoint("/metrics");
    }
}
