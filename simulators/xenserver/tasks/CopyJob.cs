using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// One VDI.copy: what the source's tables name is read and what is not zero is written, as fast as the pool's copy rate lets it.
/// Skipped regions cost no time. Cancelling is seen at the next step.
/// </summary>
internal sealed class CopyJob
{
    private const int Piece = VhdHeader.BlockSize;
    private readonly Pool _pool;
    private readonly TaskRow _task;
    private readonly VdiRow _source;
    private readonly VdiRow _destination;
    private readonly bool _made;
    private readonly FaultSpecification? _fault;
    private readonly VhdDisk _from;
    private readonly VhdDisk _to;
    private readonly List<(long Offset, long Length)> _extents;
    private readonly long _total;
    private readonly DateTimeOffset _started;
    private readonly byte[] _buffer = new byte[Piece];
    private readonly TaskCompletionSource<object?> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _done;
    private int _extent;
    private long _within;

    public CopyJob(Call call, VdiRow source, VdiRow destination, bool made)
    {
        _pool = call.Pool;
        _task = call.Task;
        _source = source;
        _destination = destination;
        _made = made;
        _fault = call.Fault?.Action is FaultAction.ZeroExtent or FaultAction.Corrupt ? call.Fault : null;
        _started = _pool.Now;
        _from = _pool.Disks.Open(source);
        try
        {
            _to = _pool.Disks.Open(destination);
        }
        catch
        {
            _pool.Disks.Close(source);
            throw;
        }

        _extents = [.. _from.AllocatedExtents()];
        _total = _extents.Sum(e => e.Length);
        source.CurrentOperations[_task.Ref] = "copy";
        destination.CurrentOperations[_task.Ref] = "copy";
        _pool.Db.Touch(source);
        _pool.Db.Touch(destination);
    }

    /// <summary>What a caller that did not ask for a task waits for.</summary>
    public Task<object?> Completion => _completion.Task;

    /// <summary>Copies up to the clock's present; true when the job has ended.</summary>
    public bool Advance()
    {
        try
        {
            var allowed = _pool.Options.CopyBytesPerSecond is { } rate ? (long)((_pool.Now - _started).TotalSeconds * rate) : long.MaxValue;
            while (true)
            {
                if (_task.CancelAsked)
                    throw new XenError("TASK_CANCELLED", _task.Ref);
                if (_extent == _extents.Count)
                    break;
                var length = (int)Math.Min(Piece, _extents[_extent].Length - _within);
                if (_done + length > allowed)
                {
                    _pool.Progress(_task, 0.99 * Math.Min(allowed, _total) / Math.Max(1, _total));
                    return false;
                }

                CopyPiece(_extents[_extent].Offset + _within, length);
                _done += length;
                _within += length;
                if (_within == _extents[_extent].Length)
                {
                    _extent++;
                    _within = 0;
                }
            }

            Release();
            _pool.Succeed(_task, _destination.Ref);
            _completion.SetResult(_destination.Ref);
        }
        catch (Exception e) when (e is XenError or IOException)
        {
            Release();
            if (_made)
                VdiCalls.Remove(_pool, _destination);
            var error = e as XenError ?? new XenError("VDI_IO_ERROR", "Device I/O errors");
            _pool.Fail(_task, error);
            _completion.SetException(error);
        }

        return true;
    }

    /// <summary>The pool restarts: the work stops here, and what was written stays as it is.</summary>
    public void Abandon()
    {
        Release();
        _completion.SetException(new ToolstackGone());
    }

    private void CopyPiece(long offset, int length)
    {
        var destination = _pool.Db.Get<SrRow>("SR", _destination.Sr);
        var plugged = _pool.Plugged(destination);
        _pool.Plugged(_pool.Db.Get<SrRow>("SR", _source.Sr));
        if (_pool.Driver(destination).IsFull(plugged.Attachment!))
            throw new XenError("SR_FULL", (_total - _done).ToString(), "0");
        var piece = _buffer.AsSpan(0, length);
        _from.Read(offset, piece);
        if (_fault?.Action == FaultAction.Corrupt)
            CorruptedBytes.Turn(_fault, offset, piece);
        else if (_fault is not null)
            Zero(piece, offset);
        SparseWrite.Write(_to, offset, piece);
    }

    private void Zero(Span<byte> piece, long offset)
    {
        var from = Math.Max(offset, _fault!.Offset);
        var to = Math.Min(offset + piece.Length, _fault.Offset + _fault.Length);
        if (from >= to)
            return;
        _fault.Shows();
        piece.Slice((int)(from - offset), (int)(to - from)).Clear();
    }

    private void Release()
    {
        _pool.Disks.Close(_source);
        _pool.Disks.Close(_destination);
        _source.CurrentOperations.Remove(_task.Ref);
        _destination.CurrentOperations.Remove(_task.Ref);
        var sr = _pool.Db.Find<SrRow>(_destination.Sr);
        if (sr?.Pbds(_pool.Db).FirstOrDefault(p => p.Attached)?.Attachment is { } attachment)
            _destination.PhysicalUtilisation = _pool.Driver(sr).PhysicalSize(attachment, _destination.Uuid);
        _pool.Db.Touch(_source);
        _pool.Db.Touch(_destination);
    }
}
