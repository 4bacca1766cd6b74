using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SnapshotWorkflows.Secondary.DiskRoots;

/// <summary>
/// SHA-256 (FIPS 180-4) of 16 messages of the same length at once: each lane of a 512-bit register works on one of them. A single message cannot go faster than one round after the other, and leaves come by the
/// dozen: on a processor with AVX-512 this takes less than half of the time of the processor's own SHA instructions (docs/performance.md).
/// </summary>
internal static unsafe class Sha256Lanes
{
    public const int Lanes = 16;
    private const int BlockBytes = 64;
    private const int StateWords = 8;

    public static bool IsSupported => Avx512BW.IsSupported && Vector512.IsHardwareAccelerated;

    // FIPS 180-4, 4.2.2 and 5.3.3.
    private static ReadOnlySpan<uint> Constants =>
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    private static ReadOnlySpan<uint> Initial => [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    /// <param name="messages">16 addresses; the same one may appear more than once.</param>
    /// <param name="length">Of each, in bytes: a multiple of 64.</param>
    /// <param name="hashes">16 times 32 bytes.</param>
    public static void Hash(byte** messages, int length, Span<byte> hashes)
    {
        var state = stackalloc Vector512<uint>[StateWords];
        for (var i = 0; i < StateWords; i++)
            state[i] = Vector512.Create(Initial[i]);
        Compress(messages, length / BlockBytes, state);
        // What pads a message of whole blocks is a block of its own, the same for all.
        var padding = stackalloc byte[BlockBytes];
        new Span<byte>(padding, BlockBytes).Clear();
        padding[0] = 0x80;
        Unsafe.WriteUnaligned(padding + BlockBytes - 8, System.Buffers.Binary.BinaryPrimitives.ReverseEndianness((ulong)length * 8));
        var paddings = stackalloc byte*[Lanes];
        for (var i = 0; i < Lanes; i++)
            paddings[i] = padding;
        Compress(paddings, 1, state);
        var words = (uint*)state;
        var target = MemoryMarshal.Cast<byte, uint>(hashes);
        for (var lane = 0; lane < Lanes; lane++)
        {
            for (var i = 0; i < StateWords; i++)
                target[lane * StateWords + i] = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(words[i * Lanes + lane]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Compress(byte** messages, int blocks, Vector512<uint>* state)
    {
        var w = stackalloc Vector512<uint>[16];
        var constants = (uint*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Constants));
        var (a, b, c, d, e, f, g, h) = (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]);
        for (var block = 0; block < blocks; block++)
        {
            Load(messages, block * BlockBytes, w);
            var (a0, b0, c0, d0, e0, f0, g0, h0) = (a, b, c, d, e, f, g, h);
            var k = constants;
            for (var sixteen = 0; sixteen < 3; sixteen++, k += 16)
            {
                RoundAndSchedule(a, b, c, ref d, e, f, g, ref h, k, w, 0);
                RoundAndSchedule(h, a, b, ref c, d, e, f, ref g, k, w, 1);
                RoundAndSchedule(g, h, a, ref b, c, d, e, ref f, k, w, 2);
                RoundAndSchedule(f, g, h, ref a, b, c, d, ref e, k, w, 3);
                RoundAndSchedule(e, f, g, ref h, a, b, c, ref d, k, w, 4);
                RoundAndSchedule(d, e, f, ref g, h, a, b, ref c, k, w, 5);
                RoundAndSchedule(c, d, e, ref f, g, h, a, ref b, k, w, 6);
                RoundAndSchedule(b, c, d, ref e, f, g, h, ref a, k, w, 7);
                RoundAndSchedule(a, b, c, ref d, e, f, g, ref h, k, w, 8);
                RoundAndSchedule(h, a, b, ref c, d, e, f, ref g, k, w, 9);
                RoundAndSchedule(g, h, a, ref b, c, d, e, ref f, k, w, 10);
                RoundAndSchedule(f, g, h, ref a, b, c, d, ref e, k, w, 11);
                RoundAndSchedule(e, f, g, ref h, a, b, c, ref d, k, w, 12);
                RoundAndSchedule(d, e, f, ref g, h, a, b, ref c, k, w, 13);
                RoundAndSchedule(c, d, e, ref f, g, h, a, ref b, k, w, 14);
                RoundAndSchedule(b, c, d, ref e, f, g, h, ref a, k, w, 15);
            }
            for (var i = 0; i < 16; i += 8)
            {
                Round(a, b, c, ref d, e, f, g, ref h, k[i + 0], w[i + 0]);
                Round(h, a, b, ref c, d, e, f, ref g, k[i + 1], w[i + 1]);
                Round(g, h, a, ref b, c, d, e, ref f, k[i + 2], w[i + 2]);
                Round(f, g, h, ref a, b, c, d, ref e, k[i + 3], w[i + 3]);
                Round(e, f, g, ref h, a, b, c, ref d, k[i + 4], w[i + 4]);
                Round(d, e, f, ref g, h, a, b, ref c, k[i + 5], w[i + 5]);
                Round(c, d, e, ref f, g, h, a, ref b, k[i + 6], w[i + 6]);
                Round(b, c, d, ref e, f, g, h, ref a, k[i + 7], w[i + 7]);
            }
            (a, b, c, d, e, f, g, h) = (a + a0, b + b0, c + c0, d + d0, e + e0, f + f0, g + g0, h + h0);
        }
        (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]) = (a, b, c, d, e, f, g, h);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, ref Vector512<uint> d,
        Vector512<uint> e, Vector512<uint> f, Vector512<uint> g, ref Vector512<uint> h, uint k, Vector512<uint> w)
    {
        var sum = h + (w + Vector512.Create(k)) + Avx512F.TernaryLogic(e, f, g, 0xCA) + Avx512F.TernaryLogic(Avx512F.RotateRight(e, 6), Avx512F.RotateRight(e, 11), Avx512F.RotateRight(e, 25), 0x96);
        d += sum;
        h = sum + (Avx512F.TernaryLogic(a, b, c, 0xE8) + Avx512F.TernaryLogic(Avx512F.RotateRight(a, 2), Avx512F.RotateRight(a, 13), Avx512F.RotateRight(a, 22), 0x96));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RoundAndSchedule(Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, ref Vector512<uint> d,
        Vector512<uint> e, Vector512<uint> f, Vector512<uint> g, ref Vector512<uint> h, uint* k, Vector512<uint>* w, int i)
    {
        var now = w[i];
        var sum = h + (now + Vector512.Create(k[i])) + Avx512F.TernaryLogic(e, f, g, 0xCA) + Avx512F.TernaryLogic(Avx512F.RotateRight(e, 6), Avx512F.RotateRight(e, 11), Avx512F.RotateRight(e, 25), 0x96);
        d += sum;
        h = sum + (Avx512F.TernaryLogic(a, b, c, 0xE8) + Avx512F.TernaryLogic(Avx512F.RotateRight(a, 2), Avx512F.RotateRight(a, 13), Avx512F.RotateRight(a, 22), 0x96));
        var near = w[(i + 14) & 15];
        var far = w[(i + 1) & 15];
        w[i] = now + w[(i + 9) & 15] + Avx512F.TernaryLogic(Avx512F.RotateRight(near, 17), Avx512F.RotateRight(near, 19), near >>> 10, 0x96) + Avx512F.TernaryLogic(Avx512F.RotateRight(far, 7), Avx512F.RotateRight(far, 18), far >>> 3, 0x96);
    }

    /// <summary>Word i of every message's block into w[i]: 16 rows of 16 words, turned over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load(byte** messages, int offset, Vector512<uint>* w)
    {
        // The message's words are big-endian.
        var quarter = Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
        var swap = Vector512.Create(Vector256.Create(quarter, quarter), Vector256.Create(quarter, quarter));
        // Four rows at a time: in each quarter of a register, 4 x 4 words are turned over.
        for (var i = 0; i < 16; i += 4)
        {
            var r0 = Avx512BW.Shuffle(Vector512.Load(messages[i] + offset), swap).AsUInt32();
            var r1 = Avx512BW.Shuffle(Vector512.Load(messages[i + 1] + offset), swap).AsUInt32();
            var r2 = Avx512BW.Shuffle(Vector512.Load(messages[i + 2] + offset), swap).AsUInt32();
            var r3 = Avx512BW.Shuffle(Vector512.Load(messages[i + 3] + offset), swap).AsUInt32();
            var (l0, h0, l1, h1) = (Avx512F.UnpackLow(r0, r1).AsUInt64(), Avx512F.UnpackHigh(r0, r1).AsUInt64(), Avx512F.UnpackLow(r2, r3).AsUInt64(), Avx512F.UnpackHigh(r2, r3).AsUInt64());
            w[i] = Avx512F.UnpackLow(l0, l1).AsUInt32();
            w[i + 1] = Avx512F.UnpackHigh(l0, l1).AsUInt32();
            w[i + 2] = Avx512F.UnpackLow(h0, h1).AsUInt32();
            w[i + 3] = Avx512F.UnpackHigh(h0, h1).AsUInt32();
        }
        // Then the quarters: of w[j], w[j+4], w[j+8], w[j+12], quarter q is what word 4q+j needs.
        for (var j = 0; j < 4; j++)
        {
            var (t0, t1, t2, t3) = (w[j], w[j + 4], w[j + 8], w[j + 12]);
            var (x0, x1, y0, y1) = (Avx512F.Shuffle4x128(t0, t1, 0x88), Avx512F.Shuffle4x128(t0, t1, 0xDD), Avx512F.Shuffle4x128(t2, t3, 0x88), Avx512F.Shuffle4x128(t2, t3, 0xDD));
            w[j] = Avx512F.Shuffle4x128(x0, y0, 0x88);
            w[j + 4] = Avx512F.Shuffle4x128(x1, y1, 0x88);
            w[j + 8] = Avx512F.Shuffle4x128(x0, y0, 0xDD);
            w[j + 12] = Avx512F.Shuffle4x128(x1, y1, 0xDD);
        }
    }
}
