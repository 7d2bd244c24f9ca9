using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.Grains.Classification;
using FewShotCluster.Grains.ClassSets.Fits;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Vision.Adaptation;
using TorchSharp;

namespace FewShotCluster.Grains.Adaptation;

/// <summary>
/// Features replayed as the traffic of a live class set, one image after the other: classified by the cascade against what is served,
/// then offered to the unlabelled pool, with refits when they are due. The parts are the cluster's own; only time and storage are not.
/// </summary>
public sealed class StreamReplay
{
    private const int ImagesBetweenLooks = 32;

    private readonly StreamData _data;
    private readonly StreamSettings _settings;
    private readonly EncoderInfo _encoder;
    private readonly UnlabelledPool _pool;
    private readonly RefitTrigger _trigger = new(TimeProvider.System);
    private readonly ProxyLearner _learner = new(new InlineFitRunner(torch.CPU));
    private readonly ProxyRules _rules;
    private ServedProxies? _served;
    private string _serving = "text";
    private ScoringModel _model;
    private int _classes;

    /// <param name="data">Images in the order of their arrival.</param>
    /// <param name="settings">Of the set.</param>
    public StreamReplay(StreamData data, StreamSettings settings)
    {
        (_data, _settings) = (data, settings);
        _encoder = new EncoderInfo("features", "", data.Dimension, settings.LogitScale, 0);
        _rules = new ProxyRules
        {
            TextTemperature = settings.TextTemperature * settings.LogitScale,
            ImageTemperature = settings.ImageTemperature * settings.LogitScale,
            Iterations = settings.Iterations,
        };
        _pool = new UnlabelledPool(new PoolLimits(settings.PoolLimit, settings.PoolPerClass, Timeout.InfiniteTimeSpan), seed: 1, TimeProvider.System);
        _classes = data.Classes - (settings.AddNamesAt is null ? 0 : settings.AddedNames);
        _model = Model();
    }

    /// <summary>Runs the stream.</summary>
    /// <param name="report">Told the share done, 0 to 1.</param>
    /// <param name="cancellationToken">Ends it between two images.</param>
    /// <exception cref="AdaptationException">Features that are no numbers.</exception>
    public async Task<StreamReport> Run(Action<double> report, CancellationToken cancellationToken)
    {
        var checkpoints = new List<StreamCheckpoint>();
        var refits = new List<StreamRefit>();
        var (images, right, textRight, lastRight, lastTextRight, lastImages) = (_data.Labels.Length, 0, 0, 0, 0, 0);
        for (var i = 0; i < images; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_settings.AddNamesAt is { } at && _classes < _data.Classes && i >= at * images) AddNames();
            var row = _data.Features.AsSpan(i * _data.Dimension, _data.Dimension);
            var features = new EncoderFeatures(_encoder, FloatBytes.From(row));
            var image = _model.Pack(new ImageFeatures([features], false, ""));
            var answer = (await Cascade.Run(_model, image, allStages: false, () => throw new InvalidOperationException())).Answer;
            if (answer.Ranking.Best == _data.Labels[i]) right++;
            if (Cascade.Text(_model, image).Ranking.Best == _data.Labels[i]) textRight++;
            _pool.Offer(ContentKey.Of(features.Values), [features], answer.Ranking.Best);
            if ((i + 1) % ImagesBetweenLooks == 0) await Look(i + 1, refits, cancellationToken);

            if ((i + 1) * (long)_settings.Checkpoints / images == i * (long)_settings.Checkpoints / images) continue;
            var window = i + 1 - lastImages;
            checkpoints.Add(new StreamCheckpoint(
                i + 1, (double)textRight / (i + 1), (double)right / (i + 1),
                (double)(textRight - lastTextRight) / window, (double)(right - lastRight) / window, _serving));
            (lastRight, lastTextRight, lastImages) = (right, textRight, i + 1);
            report((i + 1.0) / images);
        }
        return new StreamReport(images, checkpoints, refits);
    }

    private async Task Look(int seen, List<StreamRefit> refits, CancellationToken cancellationToken)
    {
        var count = _pool.Count;
        if (_trigger.Due(count, _classes, _rules) is not { } reason) return;
        _trigger.Attempted(count, _classes);
        var chunk = _pool.Read(0, int.MaxValue);
        var problem = new ProxyProblem
        {
            Images = count,
            Weights = chunk.Weights,
            Classes = _classes,
            Rules = _rules,
            Encoders = [new EncoderPool(chunk.Encoders[0].Values, Text(), _data.Dimension, _settings.LogitScale, 1, _served)],
        };
        try
        {
            var candidate = await _learner.Learn(problem, _ => { }, cancellationToken);
            (_served, _serving) = (candidate.Encoders[0], candidate.Basis);
            _model = Model();
            refits.Add(new StreamRefit(seen, reason, true, candidate.Basis));
        }
        catch (FitRefusedException e)
        {
            refits.Add(new StreamRefit(seen, reason, false, e.Message));
        }
    }

    private void AddNames()
    {
        _classes = _data.Classes;
        _model = Model();
    }

    private byte[] Text() => FloatBytes.From(_data.Text.AsSpan(0, _classes * _data.Dimension));

    private ScoringModel Model() => new(new ClassSetSnapshot
    {
        ClassSetId = "stream",
        Version = 1,
        Classes = [.. Enumerable.Range(0, _classes).Select(c => new ClassEntry(c, c.ToString(System.Globalization.CultureInfo.InvariantCulture), null, false))],
        LearnFromTraffic = true,
        Encoders =
        [
            new EncoderHead
            {
                Encoder = _encoder.Name,
                Digest = _encoder.Digest,
                Dimension = _data.Dimension,
                LogitScale = _settings.LogitScale,
                ProxyShare = 1,
                ProbeShare = 1,
                TextProxies = Text(),
                FittedClasses = _served?.Classes ?? [],
                Proxies = _served?.Values ?? MatrixBytes.Empty,
            },
        ],
    });
}
