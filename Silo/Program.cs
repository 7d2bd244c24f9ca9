using FewShotCluster.Silo.Commands;
using FewShotCluster.Silo.Commands.Adapt;
using FewShotCluster.Silo.Commands.Bench;
using FewShotCluster.Silo.Commands.Encode;
using FewShotCluster.Silo.Commands.Models;
using FewShotCluster.Silo.Demo;

return await CommandRunner.RunAsync(
    args, ServeCommand.Create(), DemoCommand.Create(), EncodeCommand.Create(), PreprocessCommand.Create(), TokenizeCommand.Create(),
    AdaptCommand.Create(), ModelsCommand.Create(), BenchCommand.Create());
