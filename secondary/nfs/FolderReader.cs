using Microsoft.Win32.SafeHandles;

namespace SnapshotWorkflows.Secondary.Nfs;

internal sealed class FolderReader : IStoreReader
{
    private readonly SafeFileHandle _file;
    private readonly string _store;
    private readonly string _name;
    private readonly DirectReads? _direct;
    private readonly bool _dropsCache;

    public FolderReader(SafeFileHandle file, string store, string name, ReadPurpose purpose)
    {
        _file = file;
        _store = store;
        _name = name;
        Length = RandomAccess.GetLength(file);
        if (purpose != ReadPurpose.Ordinary)
            _direct = new DirectReads(file);
        _dropsCache = purpose == ReadPurpose.Verification;
        if (_dropsCache)
        {
            // Only clean pages can be dropped: what another process of this machine wrote is written out first.
            Libc.Sync(file);
            Libc.DropCache(file, 0, 0);
        }
    }

    public long Length { get; }

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        try
        {
            var done = _direct?.Read(offset, buffer) ?? 0;
            var dropFrom = done;
            while (done < buffer.Length)
            {
                var read = RandomAccess.Read(_file, buffer.Span[done..], offset + done);
                if (read == 0)
                    break;
                done += read;
            }
            if (_dropsCache && done > dropFrom)
                Libc.DropCache(_file, offset + dropFrom, done - dropFrom);
            return ValueTask.FromResult(done);
        }
        catch (Exception e) when (FolderErrors.IsOurs(e))
        {
            throw FolderErrors.Map(e, _store, $"Reading '{_name}'");
        }
    }

    public ValueTask<int> ReadAsync(long offset, Memory<byte> head, Memory<byte> rest, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        try
        {
            var wanted = head.Length + rest.Length;
            var read = _direct?.Read(offset, head, rest) ?? 0;
            if (read == 0)
            {
                read = (int)RandomAccess.Read(_file, [head, rest], offset);
                if (_dropsCache)
                    Libc.DropCache(_file, offset, read);
            }
            if (read == wanted || read == 0)
                return ValueTask.FromResult(read);
            // Short in the middle: the rest by single reads, which go on until the end of the file.
            return read < head.Length ? AfterHeadAsync(offset, head, rest, cancellation) : AfterRestAsync(offset, head.Length, rest, cancellation);
        }
        catch (Exception e) when (FolderErrors.IsOurs(e))
        {
            throw FolderErrors.Map(e, _store, $"Reading '{_name}'");
        }
    }

    private async ValueTask<int> AfterHeadAsync(long offset, Memory<byte> head, Memory<byte> rest, CancellationToken cancellation)
    {
        var read = await ReadAsync(offset, head, cancellation);
        return read < head.Length ? read : await AfterRestAsync(offset, read, rest, cancellation);
    }

    private async ValueTask<int> AfterRestAsync(long offset, int head, Memory<byte> rest, CancellationToken cancellation) =>
        head + await ReadAsync(offset + head, rest, cancellation);

    public ValueTask DisposeAsync()
    {
        _direct?.Dispose();
        _file.Dispose();
        return ValueTask.CompletedTask;
    }
}
