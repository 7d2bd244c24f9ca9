namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// The innermost products of libtorch's oneDNN (<c>at::native::cpublas::brgemm</c>): machine code made for each shape at its first call on
/// a thread, and from then on at the processor's full rate with no more than a look-up in front, where oneDNN's own operators
/// take tens of microseconds to start. Called by its C++ name; where it is missing or wrong, <see cref="IsSupported"/> says so.
/// </summary>
internal static unsafe class Brgemm
{
    /// <summary>Outputs of a panel of weights.</summary>
    public const int Panel = 64;

    private static readonly nint Torch = LoadedLibrary.Find("libtorch_cpu.so");

    private static readonly delegate* unmanaged<long, long, long, long, long, long, byte, float*, float*, float*, byte, void> Singles =
        (delegate* unmanaged<long, long, long, long, long, long, byte, float*, float*, float*, byte, void>)LoadedLibrary.Export(
            Torch, "_ZN2at6native7cpublas6brgemmEllllllbPKfS3_Pfb");

    private static readonly delegate* unmanaged<long, long, long, long, long, long, byte, BrainFloat*, BrainFloat*, float*, byte, void> BrainFloats =
        (delegate* unmanaged<long, long, long, long, long, long, byte, BrainFloat*, BrainFloat*, float*, byte, void>)LoadedLibrary.Export(
            Torch, "_ZN2at6native7cpublas6brgemmEllllllbPKN3c108BFloat16ES5_Pfb");

    private static readonly delegate* unmanaged<byte, void> ReleaseTiles =
        (delegate* unmanaged<byte, void>)LoadedLibrary.Export(Torch, "_ZN2at6native7cpublas14brgemm_releaseEb");

    private static readonly Lazy<bool> Sound = new(IsSound);

    /// <summary>Whether both number formats are multiplied here, and rightly: with AVX-512 and bfloat16 in hardware.</summary>
    public static bool IsSupported => Sound.Value;

    /// <summary>
    /// A count rounded up to whole steps, for sizes that vary: the machine code made for a shape, some 90 KB for each thread, is never
    /// freed.
    /// </summary>
    public static int Whole(int count, int step) => (count + step - 1) / step * step;

    /// <summary>c (+)= a b</summary>
    /// <param name="rows">Of a and c.</param>
    /// <param name="depth">Length of the sums; even in bfloat16.</param>
    /// <param name="a">[rows, depth]</param>
    /// <param name="strideA">From row to row, elements.</param>
    /// <param name="b">A panel: float32 [depth, 64], bfloat16 [depth / 2, 64, 2].</param>
    /// <param name="c">[rows, 64]</param>
    /// <param name="add">Whether c's old values are added.</param>
    public static void Multiply<T>(int rows, int depth, T* a, int strideA, T* b, float* c, bool add) where T : unmanaged, IElement<T>
    {
        var more = (byte)(add ? 1 : 0);
        if (typeof(T) == typeof(BrainFloat)) BrainFloats(rows, Panel, depth, strideA, Panel, Panel, more, (BrainFloat*)a, (BrainFloat*)b, c, 1);
        else Singles(rows, Panel, depth, strideA, Panel, Panel, more, (float*)a, (float*)b, c, 0);
    }

    /// <summary>To be called by a thread after its last product: AMX's tiles are a state of the thread.</summary>
    public static void Release() => ReleaseTiles(1);

    // Whatever else the names meant in another libtorch would give another product.
    private static bool IsSound()
    {
        if (!CpuFeatures.HasAvx512 || !CpuFeatures.FastBFloat16 || Singles == null || BrainFloats == null || ReleaseTiles == null) return false;
        return IsSound<Float32>((value, to) => *(float*)to = value) && IsSound<BrainFloat>((value, to) => *(ushort*)to = (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
    }

    private delegate void Write<T>(float value, T* to) where T : unmanaged;

    // Small whole numbers: exact in either format.
    private static bool IsSound<T>(Write<T> write) where T : unmanaged, IElement<T>
    {
        const int rows = 5, depth = 6;
        T* a = stackalloc T[rows * depth], b = stackalloc T[depth * Panel];
        var c = stackalloc float[rows * Panel];
        for (var i = 0; i < rows * depth; i++) write(A(i / depth, i % depth), a + i);
        for (var i = 0; i < depth * Panel; i++)
        {
            var (k, n) = typeof(T) == typeof(BrainFloat) ? (2 * (i / (2 * Panel)) + i % 2, i / 2 % Panel) : (i / Panel, i % Panel);
            write(B(k, n), b + i);
        }
        Multiply(rows, depth, a, depth, b, c, add: false);
        Release();
        for (var i = 0; i < rows * Panel; i++)
        {
            if (c[i] != Enumerable.Range(0, depth).Sum(k => A(i / Panel, k) * B(k, i % Panel))) return false;
        }
        return true;

        static float A(int row, int k) => row - 2 * k;
        static float B(int k, int n) => (n % 7) - k;
    }
}
