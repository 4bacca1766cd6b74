using System.Runtime.ExceptionServices;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// One VDI.copy: what the source's tables name is read and what is not zero is written, as fast as the pool's copy rate lets it.
/// Skipped regions cost no time. Cancelling is seen at the next step.
/// </summary>
internal sealed class CopyJob : PoolJob
{
    private const int Piece = VhdHeader.BlockSize;

    /// <summary>At once beside the pool: few, so that a full or unplugged SR and a wish to cancel are seen soon.</summary>
    private const int PiecesAtOnce = 4;

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
    private long _done;
    private int _extent;
    private long _within;
    private Task? _moving;

    public CopyJob(Call call, VdiRow source, VdiRow destination, bool made)
        : base(call.Pool, call.Task)
    {
        _source = source;
        _destination = destination;
        _made = made;
        _fault = call.Fault?.Action is FaultAction.ZeroExtent or FaultAction.Corrupt ? call.Fault : null;
        _started = Pool.Now;
        _from = Pool.Disks.Open(source);
        try
        {
            _to = Pool.Disks.Open(destination);
        }
        catch
        {
            Pool.Disks.Close(source);
            throw;
        }

        _extents = [.. _from.AllocatedExtents()];
        _total = _extents.Sum(e => e.Length);
        source.CurrentOperations[Task.Ref] = "copy";
        destination.CurrentOperations[Task.Ref] = "copy";
        Pool.Db.Touch(source);
        Pool.Db.Touch(destination);
    }

    /// <summary>Copies up to the clock's present; true when the job has ended.</summary>
    public override bool Advance()
    {
        try
        {
            while (true)
            {
                if (_moving is { IsCompleted: false })
                    return false;
                if (_moving?.Exception is { InnerException: { } broken })
                    ExceptionDispatchInfo.Throw(broken);
                _moving = null;
                if (Task.CancelAsked)
                    throw new XenError("TASK_CANCELLED", Task.Ref);
                if (_extent == _extents.Count)
                    break;
                if (TakeDue() is not { Count: > 0 } due)
                    return false;
                CheckPlugged();
                if (Pool.Options.CopiesBeside)
                    _moving = System.Threading.Tasks.Task.Run(() => Copy(due));
                else
                    Copy(due);
            }

            Release();
            Succeed(_destination.Ref);
        }
        catch (Exception e) when (e is XenError or IOException)
        {
            Release();
            if (_made)
                VdiCalls.Remove(Pool, _destination);
            Fail(e);
        }

        return true;
    }

    /// <summary>The pieces that are due by now, a few at most, in order.</summary>
    private List<(long Offset, int Length)> TakeDue()
    {
        var allowed = Pool.Options.CopyBytesPerSecond is { } rate ? (long)((Pool.Now - _started).TotalSeconds * rate) : long.MaxValue;
        var due = new List<(long Offset, int Length)>();
        while (due.Count < (Pool.Options.CopiesBeside ? PiecesAtOnce : 1) && _extent < _extents.Count)
        {
            var length = (int)Math.Min(Piece, _extents[_extent].Length - _within);
            if (_done + length > allowed)
            {
                Pool.Progress(Task, 0.99 * Math.Min(allowed, _total) / Math.Max(1, _total));
                break;
            }

            due.Add((_extents[_extent].Offset + _within, length));
            _done += length;
            _within += length;
            if (_within == _extents[_extent].Length)
            {
                _extent++;
                _within = 0;
            }
        }

        return due;
    }

    private void CheckPlugged()
    {
        var destination = Pool.Db.Get<SrRow>("SR", _destination.Sr);
        var plugged = Pool.Plugged(destination);
        Pool.Plugged(Pool.Db.Get<SrRow>("SR", _source.Sr));
        if (Pool.Driver(destination).IsFull(plugged.Attachment!))
            throw new XenError("SR_FULL", (_total - _done).ToString(), "0");
    }

    /// <summary>Without the pool's lock where copies are made beside it: the disks have their own.</summary>
    private void Copy(List<(long Offset, int Length)> due)
    {
        foreach (var (offset, length) in due)
        {
            var piece = _buffer.AsSpan(0, length);
            _from.Read(offset, piece);
            if (_fault?.Action == FaultAction.Corrupt)
                CorruptedBytes.Turn(_fault, offset, piece);
            else if (_fault is not null)
                Zero(piece, offset);
            SparseWrite.Write(_to, offset, piece);
        }
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

    protected override void Release()
    {
        // What is under way uses the disks; how it ends is of no interest any more.
        if (_moving is { } moving)
            ((IAsyncResult)moving).AsyncWaitHandle.WaitOne();
        Pool.Disks.Close(_source);
        Pool.Disks.Close(_destination);
        _source.CurrentOperations.Remove(Task.Ref);
        _destination.CurrentOperations.Remove(Task.Ref);
        var sr = Pool.Db.Find<SrRow>(_destination.Sr);
        if (sr?.Pbds(Pool.Db).FirstOrDefault(p => p.Attached)?.Attachment is { } attachment)
            _destination.PhysicalUtilisation = Pool.Driver(sr).PhysicalSize(attachment, _destination.Uuid);
        Pool.Db.Touch(_source);
        Pool.Db.Touch(_destination);
    }
}
