namespace SnapshotWorkflows.Secondary.Nfs;

/// <summary>What the operating system says, as coded errors.</summary>
internal static class FolderErrors
{
    public static bool IsOurs(Exception e) => e is IOException or UnauthorizedAccessException;

    public static SecondaryStoreException Map(Exception e, string store, string doing)
    {
        var (code, remedy) = Number(e) switch
        {
            Libc.Enospc or Libc.Edquot or Libc.Efbig => (StoreCodes.Full, "Free space on the export, raise its quota, or choose another destination."),
            Libc.Eacces or Libc.Eperm or Libc.Erofs => (StoreCodes.Denied, "Give the service's user the right to write there (root squash? read-only export?)."),
            Libc.Estale or Libc.Enotconn or Libc.Etimedout or Libc.Ehostdown or Libc.Enetdown or Libc.Enetunreach or Libc.Econnreset or Libc.Econnrefused or Libc.Ehostunreach =>
                (StoreCodes.Unavailable, "Look at the NFS server and the mount; mount it again where its handle is stale."),
            // This machine's own want: it passes, and says nothing of what lies there.
            Libc.Eintr or Libc.Eagain or Libc.Enomem or Libc.Ebusy or Libc.Enfile or Libc.Emfile or Libc.Enolck or Libc.Enobufs =>
                (StoreCodes.Unavailable, "Look at this machine's memory and open files (ulimit -n) if it lasts."),
            Libc.Enoent => (StoreCodes.Missing, "It was removed by someone else meanwhile: look at who else uses the folder."),
            _ => (StoreCodes.Io, "Look at the mount and the kernel's log."),
        };
        return new SecondaryStoreException(code, $"{doing} on '{store}' failed: {Said(e)}.", remedy, e);
    }

    private static int Number(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => Libc.Enoent,
        UnauthorizedAccessException => Libc.Eacces,
        _ => e.HResult,
    };

    // The framework's own messages hold the local path; what the system said is enough.
    private static string Said(Exception e) => Number(e) is > 0 and < 200 and var number
        ? System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage(number)
        : e.GetType().Name;
}
