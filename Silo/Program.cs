using FewShotCluster.Silo.Commands;

return await CommandRunner.RunAsync(args, ServeCommand.Create());
