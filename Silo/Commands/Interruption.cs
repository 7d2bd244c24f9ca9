using System.Runtime.InteropServices;
using FewShotCluster.Silo.Hosting;

namespace FewShotCluster.Silo.Commands;

/// <summary>Ctrl-C (and the end of a parent that asked for it) as a token, in place of the process's sudden end.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource stop;
    private readonly PosixSignalRegistration signal;

    public Interruption(CancellationToken cancellationToken)
    {
        stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        signal = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            ByUser = true;
            stop.Cancel();
        });
        if (NodeSettings.Load(null, []).ExitWithStdin) StandardInput.WhenClosed(stop.Cancel);
    }

    public CancellationToken Token => stop.Token;

    /// <summary>Whether it was Ctrl-C.</summary>
    public bool ByUser { get; private set; }

    public void Dispose()
    {
        signal.Dispose();
        stop.Dispose();
    }
}
