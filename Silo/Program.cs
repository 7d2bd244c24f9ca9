using FewShotCluster.Silo.Commands;
using FewShotCluster.Silo.Demo;

return await CommandRunner.RunAsync(args, ServeCommand.Create(), DemoCommand.Create());
