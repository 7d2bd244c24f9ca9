using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference.Cuda;

/// <summary>
/// The kernels of a computation, recorded once and launched together from then on (PyTorch's <c>at::cuda::CUDAGraph</c>). A network of
/// hundreds of small kernels otherwise spends its time launching them. TorchSharp binds none of this: the methods are called by their
/// names in libtorch, of 2.10 and 2.11; where one is missing, nothing is recorded.
/// </summary>
/// <remarks>Used by one thread at a time, together with the others of its pool.</remarks>
internal sealed unsafe class CudaGraph : IDisposable
{
    // Above what any version's object takes.
    private const int ObjectBytes = 4096;
    private const int OnThisThreadOnly = 1; // cudaStreamCaptureModeThreadLocal: other threads go on using the GPU

    private static readonly Lazy<Functions?> Torch = new(Functions.Find);

    private readonly Device device;
    private readonly GraphPool pool;
    private void* graph;

    private CudaGraph(Device device, GraphPool pool)
    {
        (this.device, this.pool) = (device, pool);
        graph = NativeMemory.AllocZeroed(ObjectBytes);
        Torch.Value!.Construct(graph, 0);
    }

    /// <summary>Whether this process's libtorch records graphs.</summary>
    public static bool IsSupported => Torch.Value is not null;

    /// <summary>Keeps TorchScript from compiling kernels of its own for each shape it meets: seconds at a first call, and nothing gained after.</summary>
    public static void StopFusing()
    {
        var stop = (delegate* unmanaged<byte, void>)LoadedLibrary.Export(LoadedLibrary.Find("libtorch_cpu"), "_ZN5torch3jit20overrideCanFuseOnGPUEb");
        if (stop is not null) stop(0);
    }

    /// <summary>Records a computation. It is run once before, which is when libraries choose kernels and take their workspaces.</summary>
    /// <param name="device">Where it computes.</param>
    /// <param name="pool">What it shares its memory with.</param>
    /// <param name="compute">
    /// Reads nothing of the device on the host; its tensors stay where they are. What it throws the second time leaves a stream of the device
    /// unusable: a fault of the device.
    /// </param>
    public static CudaGraph Record(Device device, GraphPool pool, Action compute)
    {
        var torch = Torch.Value!;
        torch.SetDevice((sbyte)device.index, 0);
        var current = torch.CurrentStream((sbyte)device.index);
        // The default stream cannot be recorded.
        torch.SetStream(torch.NewStream(0, (sbyte)device.index));
        try
        {
            compute();
            cuda.synchronize(device);
            var recorded = new CudaGraph(device, pool);
            var memory = pool.Join(() => torch.NewPool());
            torch.Begin(recorded.graph, memory.First, memory.Second, OnThisThreadOnly);
            compute();
            torch.End(recorded.graph);
            return recorded;
        }
        finally
        {
            torch.SetStream(current);
        }
    }

    /// <summary>Computes anew, from and into the tensors that were there at the recording; returns before it is done.</summary>
    public void Replay()
    {
        Torch.Value!.SetDevice((sbyte)device.index, 0);
        Torch.Value.Launch(graph);
    }

    /// <summary>Frees the recording.</summary>
    public void Dispose()
    {
        if (graph is null) return;
        Torch.Value!.Destruct(graph);
        pool.Leave();
        NativeMemory.Free(graph);
        graph = null;
    }

    private sealed class Functions
    {
        public delegate* unmanaged<void*, byte, void> Construct;
        public delegate* unmanaged<void*, void> Destruct, End, Launch;
        public delegate* unmanaged<void*, ulong, ulong, int, void> Begin;
        public delegate* unmanaged<TwoWords> NewPool;
        public delegate* unmanaged<byte, sbyte, TwoWords> NewStream;
        public delegate* unmanaged<sbyte, TwoWords> CurrentStream;
        public delegate* unmanaged<TwoWords, void> SetStream;
        public delegate* unmanaged<sbyte, byte, void> SetDevice;

        public static Functions? Find()
        {
            if (!cuda.is_available()) return null;
            var (torch, c10) = (LoadedLibrary.Find("libtorch_cuda.so"), LoadedLibrary.Find("libc10_cuda.so"));
            var isWhole = true;
            var functions = new Functions
            {
                Construct = (delegate* unmanaged<void*, byte, void>)Of(torch, "_ZN2at4cuda9CUDAGraphC1Eb"),
                Destruct = (delegate* unmanaged<void*, void>)Of(torch, "_ZN2at4cuda9CUDAGraphD1Ev"),
                Begin = (delegate* unmanaged<void*, ulong, ulong, int, void>)Of(torch, "_ZN2at4cuda9CUDAGraph13capture_beginESt4pairIyyE21cudaStreamCaptureMode"),
                End = (delegate* unmanaged<void*, void>)Of(torch, "_ZN2at4cuda9CUDAGraph11capture_endEv"),
                Launch = (delegate* unmanaged<void*, void>)Of(torch, "_ZN2at4cuda9CUDAGraph6replayEv"),
                NewPool = (delegate* unmanaged<TwoWords>)Of(torch, "_ZN2at4cuda17graph_pool_handleEv"),
                NewStream = (delegate* unmanaged<byte, sbyte, TwoWords>)Of(c10, "_ZN3c104cuda17getStreamFromPoolEba"),
                CurrentStream = (delegate* unmanaged<sbyte, TwoWords>)Of(c10, "_ZN3c104cuda20getCurrentCUDAStreamEa"),
                SetStream = (delegate* unmanaged<TwoWords, void>)Of(c10, "_ZN3c104cuda20setCurrentCUDAStreamENS0_10CUDAStreamE"),
                SetDevice = (delegate* unmanaged<sbyte, byte, void>)Of(c10, "_ZN3c104cuda10set_deviceEab"),
            };
            return isWhole ? functions : null;

            nint Of(nint library, string name)
            {
                var function = LoadedLibrary.Export(library, name);
                isWhole &= function != 0;
                return function;
            }
        }
    }
}
