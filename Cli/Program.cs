using FewShotCluster.Cli;

return await Tool.RunAsync(args, ToolContext.Process());
