using FewShotCluster.Client.Connection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace FewShotCluster.Client;

/// <summary>Registration with a host.</summary>
public static class ServiceCollectionExtensions
{
    /// <summary>
    /// Registers <see cref="IFewShotClient"/> as a singleton that connects at its first call: a cluster that is down does not keep the program from starting.
    /// </summary>
    /// <param name="services">The program's services.</param>
    /// <param name="configure">Sets the options; they are checked when the host starts.</param>
    /// <returns>The same collection.</returns>
    public static IServiceCollection AddFewShotClient(this IServiceCollection services, Action<FewShotClientOptions> configure)
    {
        services.AddOptions<FewShotClientOptions>().Configure(configure).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<FewShotClientOptions>, FewShotClientOptionsValidator>());
        services.TryAddSingleton<IFewShotClient>(provider =>
        {
            var options = provider.GetRequiredService<IOptions<FewShotClientOptions>>().Value;
            var loggers = provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance;
            return new FewShotClient(new GatewayConnection(options, loggers), options, provider.GetService<TimeProvider>());
        });
        return services;
    }
}
