using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using SnapshotWorkflows.Secondary.Nfs;

namespace SnapshotWorkflows.Secondary;

/// <summary>A raw disk in a local file, whose holes the file system knows (SEEK_DATA, lseek(2)): they are not read.</summary>
/// <param name="pastCache">Large reads go past the page cache: what they give lies on the disk.</param>
/// <remarks>Where the file system knows no holes everything counts as data. The file must not change meanwhile.</remarks>
public sealed class FileDisk(SafeFileHandle file, bool pastCache = false) : IRandomAccessSource, ISparseDisk, IDisposable
{
    private readonly FileSource _source = new(file);
    private readonly DirectReads? _direct = pastCache ? new DirectReads(file) : null;
    private DiskExtent[] _hole = [default];

    public long Length => _source.Length;

    public long DiskBytes => _source.Length;

    public static FileDisk Open(string path) => new(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));

    public bool MayHoldData(long offset, long length)
    {
        var end = Math.Min(offset + length, Length);
        if (offset >= end)
            return false;
        // An array, so that the two numbers are replaced as one.
        var hole = _hole[0];
        if (hole.Offset <= offset && end <= hole.End)
            return false;
        var data = Libc.NextData(file, offset, Length);
        _hole = [new DiskExtent(offset, data - offset)];
        return data < end;
    }

    public async IAsyncEnumerable<DiskExtent> ExtentsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var extent in new RawDisk(_source).ExtentsAsync(cancellation))
            yield return extent;
    }

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var done = _direct?.Read(offset, buffer) ?? 0;
        return done == buffer.Length ? ValueTask.FromResult(done) : RestAsync(offset, buffer, done, cancellation);
    }

    private async ValueTask<int> RestAsync(long offset, Memory<byte> buffer, int done, CancellationToken cancellation) =>
        done + await _source.ReadAsync(offset + done, buffer[done..], cancellation);

    public void Dispose()
    {
        _direct?.Dispose();
        _source.Dispose();
    }
}
