namespace FewShotCluster.Demo.Training;

/// <summary>How far one stage is; the loss where the stage has one. Reports come from several threads.</summary>
public sealed record TrainingProgress(string Stage, int Done, int Total, double? Loss = null);
