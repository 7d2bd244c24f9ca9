using FewShotCluster.Demo.World;

namespace FewShotCluster.Demo.Training;

/// <summary>
/// What a caption may tell of a picture: the family, the special noun (a dog's group, or the thing), an adjective (colour or coat),
/// a pattern unless plain, and the place if it is one.
/// </summary>
public sealed record PictureFacts(Family Family, string Noun, string Adjective, Pattern Pattern, Scene Scene);
