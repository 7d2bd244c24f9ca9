using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Grains.Tests.Fakes;

internal static class Expect
{
    public static async Task<FewShotException> Error(FewShotErrorCode code, Func<Task> act)
    {
        var failure = await Assert.ThrowsAsync<FewShotException>(act);
        Assert.Equal(code, failure.Code);
        Assert.NotEmpty(failure.Message);
        return failure;
    }
}
