using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SnapshotWorkflows.Secondary.Nfs;

/// <summary>The few Linux calls that .NET does not offer: syncing folders, exclusive naming, advice to the page cache. Constants are those of x86-64 and arm64 alike.</summary>
internal static partial class Libc
{
    public const int Eperm = 1, Enoent = 2, Eintr = 4, Eio = 5, Eagain = 11, Enomem = 12, Eacces = 13, Ebusy = 16, Eexist = 17, Exdev = 18, Enotdir = 20, Einval = 22, Enfile = 23, Emfile = 24, Efbig = 27, Enospc = 28,
        Erofs = 30, Emlink = 31, Enolck = 37, Enosys = 38, Enotempty = 39, Eopnotsupp = 95, Enetdown = 100, Enetunreach = 101, Econnreset = 104, Enobufs = 105, Enotconn = 107, Etimedout = 110, Econnrefused = 111,
        Ehostdown = 112, Ehostunreach = 113, Estale = 116, Edquot = 122;

    public const int ReadOnly = 0, WriteOnly = 1, ReadWrite = 2, Create = 0x40, Exclusive = 0x80, CloseOnExec = 0x8_0000;
    private const int AdviceDontNeed = 4, AdviceHugePages = 14, AtFdCwd = -100, GetFlags = 3, SetFlags = 4, NoFollow = 0x100, FollowLink = 0x400, EmptyPath = 0x1000;
    private const uint StatxBasic = 0x7FF;
    // The one constant here that differs between the two.
    private static readonly int s_direct = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x1_0000 : 0x4000;
    private const uint RenameNoReplace = 1;

    /// <summary>Opens without the advisory lock that FileStream takes, which on NFS is a round trip to a lock server and may be refused.</summary>
    public static SafeFileHandle Open(string path, int flags)
    {
        var descriptor = open(path, flags | CloseOnExec, 0x1B6);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Failure();
    }

    /// <summary>Reads and writes of the handle go past the page cache from here on (O_DIRECT).</summary>
    /// <returns>False where the file system cannot do that.</returns>
    public static bool TrySetDirect(SafeFileHandle handle) => fcntl(handle, GetFlags, 0) is >= 0 and var flags && fcntl(handle, SetFlags, flags | s_direct) == 0;

    public static void Sync(SafeFileHandle handle)
    {
        if (fsync(handle) != 0)
            throw Failure();
    }

    /// <summary>Makes the names in a folder durable.</summary>
    public static void SyncFolder(string path)
    {
        using var folder = Open(path, ReadOnly);
        Sync(folder);
    }

    /// <summary>0, or the error's number.</summary>
    public static int Link(string from, string to) => link(from, to) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Gives the open file a name, whatever has come to lie under its path (linkat(2), AT_SYMLINK_FOLLOW). 0, or the error's number: ENOENT where it has no name any more.</summary>
    public static int Link(SafeFileHandle from, string path, string to)
    {
        if (linkat(AtFdCwd, $"/proc/self/fd/{from.DangerousGetHandle()}", AtFdCwd, to, FollowLink) == 0)
            return 0;
        var error = Marshal.GetLastPInvokeError();
        // No /proc here.
        return error == Enoent && Find(from).IsSameAs(Find(path)) ? Link(path, to) : error;
    }

    /// <summary>0, or the error's number.</summary>
    public static int RenameExclusive(string from, string to) => renameat2(AtFdCwd, from, AtFdCwd, to, RenameNoReplace) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>0, or the error's number.</summary>
    public static int Unlink(string path) => unlink(path) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>0, or the error's number.</summary>
    public static int RemoveFolder(string path) => rmdir(path) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>0, or the error's number.</summary>
    public static int MakeFolder(string path) => mkdir(path, 0x1FF) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Drops clean pages of the range from memory, so that the next read asks the disk or the server. Advice: errors do no harm.</summary>
    public static void DropCache(SafeFileHandle handle, long offset, long length) => _ = posix_fadvise(handle, offset, length, AdviceDontNeed);

    /// <summary>Memory that was not touched yet comes in huge pages from here on (MADV_HUGEPAGE, madvise(2)). Advice: errors do no harm.</summary>
    /// <param name="address">A multiple of the system's page size.</param>
    public static unsafe void AdviseHugePages(byte* address, int length) => _ = madvise(address, (nuint)length, AdviceHugePages);

    /// <summary>Where the next data at or after the offset begins; the end where only a hole is left; the offset itself where the file system cannot tell.</summary>
    public static long NextData(SafeFileHandle handle, long offset, long end)
    {
        const int SeekData = 3, Enxio = 6;
        var data = lseek(handle, offset, SeekData);
        return data >= 0 ? data : Marshal.GetLastPInvokeError() == Enxio ? end : offset;
    }

    /// <summary>What is at a path: null only where the system says that there is nothing. The framework's own <c>Exists</c> takes every error for "no", and on a mount in trouble that is a lie.</summary>
    /// <exception cref="IOException">It cannot be told: EIO, ESTALE, ETIMEDOUT, ...</exception>
    public static unsafe FileStat? Find(string path, bool followLink = true)
    {
        var buffer = stackalloc byte[256];
        if (statx(AtFdCwd, path, followLink ? 0 : NoFollow, StatxBasic, buffer) != 0)
            return Marshal.GetLastPInvokeError() is Enoent or Enotdir ? null : throw Failure();
        return Stat(buffer);
    }

    /// <summary>What an open file is.</summary>
    public static unsafe FileStat Find(SafeFileHandle file)
    {
        var buffer = stackalloc byte[256];
        return statxOpen(file, "", EmptyPath, StatxBasic, buffer) == 0 ? Stat(buffer) : throw Failure();
    }

    // struct statx is the same on every architecture: stx_nlink at byte 16, stx_mode at 28, stx_ino at 32, stx_size at 40, stx_mtime at 112 (seconds, then nanoseconds), stx_dev_major and minor at 136.
    private static unsafe FileStat Stat(byte* buffer)
    {
        var kind = *(ushort*)(buffer + 28) & 0xF000;
        var modified = DateTime.UnixEpoch.AddTicks(*(long*)(buffer + 112) * TimeSpan.TicksPerSecond + *(uint*)(buffer + 120) / TimeSpan.NanosecondsPerTick);
        return new FileStat(kind == 0x4000, kind == 0xA000, *(long*)(buffer + 40), modified, *(uint*)(buffer + 16), *(ulong*)(buffer + 32), (ulong)*(uint*)(buffer + 136) << 32 | *(uint*)(buffer + 140));
    }

    public static IOException Failure(int? errno = null)
    {
        var number = errno ?? Marshal.GetLastPInvokeError();
        return new IOException(Marshal.GetPInvokeErrorMessage(number), number);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(SafeFileHandle handle, long offset, int whence);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeFileHandle handle, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle handle);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int linkat(int fromFolder, string from, int toFolder, string to, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unlink(string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rmdir(string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdir(string path, int mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat2(int fromFolder, string from, int toFolder, string to, uint flags);

    [LibraryImport("libc")]
    private static unsafe partial int madvise(byte* address, nuint length, int advice);

    [LibraryImport("libc")]
    private static partial int posix_fadvise(SafeFileHandle handle, long offset, long length, int advice);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int folder, string path, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statxOpen(SafeFileHandle file, string path, int flags, uint mask, byte* buffer);
}
