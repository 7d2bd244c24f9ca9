using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace FewShotCluster.Grains.Tests.Fakes;

/// <summary>What the meters of one factory have counted, by instrument; observable ones when asked.</summary>
internal sealed class MeterReadings : IDisposable
{
    private readonly ConcurrentDictionary<string, double> _sums = new();
    private readonly ConcurrentDictionary<string, double> _observed = new();
    private readonly MeterListener _listener = new();

    public MeterReadings(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, meters)) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Record(instrument, value));
        _listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => Record(instrument, value));
        _listener.Start();
    }

    /// <summary>Sum of a counter since the beginning.</summary>
    public double Sum(string instrument) => _sums.GetValueOrDefault(instrument);

    /// <summary>Sum of a gauge's values now.</summary>
    public double Now(string instrument)
    {
        _observed.Clear();
        _listener.RecordObservableInstruments();
        return _observed.GetValueOrDefault(instrument);
    }

    public void Dispose() => _listener.Dispose();

    private void Record(Instrument instrument, double value) =>
        (instrument.IsObservable ? _observed : _sums).AddOrUpdate(instrument.Name, value, (_, sum) => sum + value);
}
