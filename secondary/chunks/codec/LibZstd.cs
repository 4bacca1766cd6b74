using System.Runtime.InteropServices;

namespace SnapshotWorkflows.Secondary.Chunks.Codec;

/// <summary>The few calls of libzstd that are needed; names and meaning as in its zstd.h, version 1.5.</summary>
/// <remarks>The machine's libzstd.so.1 (on every Debian) where it is of version 1.5.7 or later: its distribution mends it. Otherwise the one that comes with the program, where there is one for this machine.</remarks>
internal static unsafe partial class LibZstd
{
    // 1.5.7, as ZSTD_versionNumber tells it: from then on leaves of 64 KiB take 0.73 of the time (docs/performance.md).
    private const uint Quick = 10507;
    private const string Library = "libzstd";
    private static readonly nint s_library = Load();

    /// <summary>Whether a library is there. To be asked before any call.</summary>
    public static bool IsThere => s_library != 0;

    /// <summary>Of the library in use: 10507 is 1.5.7. 0 where none is there.</summary>
    public static uint Version { get; } = VersionOf(s_library);

    /// <summary>Which of two libraries is taken, by their versions; 0 for one that is not there.</summary>
    internal static bool IsOwnTaken(uint machine, uint own) => machine < Quick && own > machine;

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

    private static nint Load()
    {
        var assembly = typeof(LibZstd).Assembly;
        NativeLibrary.TryLoad("libzstd.so.1", out var taken);
        NativeLibrary.TryLoad(Library, assembly, null, out var left);
        if (IsOwnTaken(VersionOf(taken), VersionOf(left)))
            (taken, left) = (left, taken);
        if (left != 0)
            NativeLibrary.Free(left);
        NativeLibrary.SetDllImportResolver(assembly, (name, _, _) => name == Library ? taken : 0);
        return taken;
    }

    private static uint VersionOf(nint library) => library == 0 ? 0 : ((delegate* unmanaged<uint>)NativeLibrary.GetExport(library, "ZSTD_versionNumber"))();
}
