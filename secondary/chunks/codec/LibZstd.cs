using System.Runtime.InteropServices;

namespace SnapshotWorkflows.Secondary.Chunks.Codec;

/// <summary>The few calls of libzstd.so.1 (on every Debian) that are needed; names and meaning as in its zstd.h, version 1.5.</summary>
internal static unsafe partial class LibZstd
{
    private const string Library = "libzstd.so.1";

    /// <summary>Whether the library is there.</summary>
    public static bool IsThere { get; } = NativeLibrary.TryLoad(Library, out _);

    [LibraryImport(Library)]
    public static partial nint ZSTD_createCCtx();

    [LibraryImport(Library)]
    public static partial nuint ZSTD_freeCCtx(nint context);

    [LibraryImport(Library)]
    public static partial nuint ZSTD_compressCCtx(nint context, byte* target, nuint capacity, byte* source, nuint length, int level);

    [LibraryImport(Library)]
    public static partial nint ZSTD_createDCtx();

    [LibraryImport(Library)]
    public static partial nuint ZSTD_freeDCtx(nint context);

    [LibraryImport(Library)]
    public static partial nuint ZSTD_decompressDCtx(nint context, byte* target, nuint capacity, byte* source, nuint length);

    [LibraryImport(Library)]
    public static partial uint ZSTD_isError(nuint code);
}
