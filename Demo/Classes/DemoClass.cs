using FewShotCluster.Demo.World;

namespace FewShotCluster.Demo.Classes;

/// <summary>A class of the demo: its name, its family, whether it has shots, and what its pictures show.</summary>
public sealed record DemoClass(int Id, string Name, Family Family, bool Seen, PictureSpec Spec);
