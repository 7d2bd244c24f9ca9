using FewShotCluster.Grains.Classification;
using FewShotCluster.Grains.ClassSets;
using FewShotCluster.Grains.ClassSets.Archives;
using FewShotCluster.Grains.ClassSets.Fits;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Metrics;
using FewShotCluster.Grains.Placement;
using FewShotCluster.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace FewShotCluster.Grains.Hosting;

/// <summary>Puts the grains and everything below them into a silo.</summary>
public static class FewShotGrainsExtensions
{
    /// <summary>Name of the node's meter, for exporters.</summary>
    public const string MeterName = FewShotMetrics.MeterName;

    /// <summary>
    /// Registers devices, caches, store, metrics and grains. An <see cref="IDeviceModelSource"/>, <see cref="IClassSetStore"/> or
    /// <see cref="TimeProvider"/> registered before stays.
    /// </summary>
    /// <exception cref="OptionsValidationException">A setting that could not work.</exception>
    public static ISiloBuilder AddFewShotGrains(this ISiloBuilder silo, FewShotNodeOptions options)
    {
        var validation = new FewShotNodeOptionsValidator().Validate(null, options);
        if (validation.Failed) throw new OptionsValidationException(Options.DefaultName, typeof(FewShotNodeOptions), validation.Failures);

        silo.UseSiloMetadata(NodeMetadata.Of(options));
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = options.ProbeTimeout;
            membership.NumMissedProbesLimit = 3;
            membership.NumVotesForDeathDeclaration = 1;
        });
        var services = silo.Services;
        services.AddPlacementFilter<DeviceSlotStrategy, DeviceSlotDirector>(ServiceLifetime.Singleton);
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton<FewShotMetrics>();
        AddDevices(services, options);
        AddClassSets(services, options);
        services.AddSingleton<RequestLimits>();
        services.AddSingleton<ScoringModels>();
        services.AddSingleton<Classifier>();
        return silo;
    }

    private static void AddDevices(IServiceCollection services, FewShotNodeOptions options)
    {
        if (options.NullEncoders > 0) services.AddSingleton<IDeviceModelSource, NullModelSource>();
        services.TryAddSingleton<IDeviceModelSource, ManifestModelSource>();
        services.AddSingleton<DecodePool>();
        services.AddSingleton<DeviceSlots>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<DeviceSlots>());
        services.AddSingleton<SlotLoads>();
        services.AddSingleton<SlotRouter>();
        services.AddSingleton<SlotCalls>();
        services.AddHostedService<SlotLoadWatch>();
    }

    private static void AddClassSets(IServiceCollection services, FewShotNodeOptions options)
    {
        services.AddSingleton<HeadCodec>();
        services.TryAddSingleton<IClassSetStore>(provider => Store(provider, options));
        services.AddSingleton<ClassSetRepository>();
        services.AddSingleton<ClassSetRules>();
        services.AddSingleton<ClassSetWrites>();
        services.AddSingleton<ClassWrites>();
        services.AddSingleton<ShotWrites>();
        services.AddSingleton<ImportChecks>();
        services.AddSingleton<ValidationStage>();
        services.AddSingleton<TextProxies>();
        services.AddSingleton<ShotIntake>();
        services.AddSingleton<PoolReader>();
        services.AddSingleton<ShotsFit>();
        services.AddSingleton<ProxiesFit>();
        services.AddTransient<AutomaticFits>();
        services.AddSingleton<SnapshotCache>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<SnapshotCache>());
    }

    private static IClassSetStore Store(IServiceProvider provider, FewShotNodeOptions options)
    {
        var heads = provider.GetRequiredService<HeadCodec>();
        IClassSetStore store = options.Redis is { } server
            ? new RedisClassSetStore(server, provider.GetRequiredService<IOptions<ClusterOptions>>().Value.ServiceId, heads)
            : new SqliteClassSetStore(options.DataDirectory, heads);
        return new MeasuredClassSetStore(store, provider.GetRequiredService<FewShotMetrics>(), provider.GetRequiredService<TimeProvider>());
    }
}
