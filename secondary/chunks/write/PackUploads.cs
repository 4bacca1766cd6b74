using System.Collections.Concurrent;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Repository;

namespace SnapshotWorkflows.Secondary.Chunks.Write;

/// <summary>Packs on their way into the store: a fixed set of buffers bounds memory, and what a crash would lose.</summary>
internal sealed class PackUploads : IAsyncDisposable
{
    private readonly ChunkRoom _room;
    private readonly string _session;
    private readonly PackTable _packs;
    private readonly int _leafBytes;
    private readonly CancellationTokenSource _failed;
    private readonly bool _inline;
    private readonly SemaphoreSlim _atOnce;
    private readonly BufferStack _buffers;
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _own = new();
    private readonly ConcurrentDictionary<Task, bool> _running = new();
    private long _sentBytes;
    private long _leaves;

    /// <param name="failed">Cancelled where an upload fails, so that everything else stops too.</param>
    public PackUploads(ChunkRoom room, string session, PackTable packs, int leafBytes, CancellationTokenSource failed)
    {
        (_room, _session, _packs, _leafBytes, _failed) = (room, session, packs, leafBytes, failed);
        _inline = room.Options.Workers == 1;
        _atOnce = new SemaphoreSlim(room.Options.Uploads);
        _buffers = new BufferStack(room.Options.Workers + (_inline ? 0 : room.Options.Uploads), PackBuilder.BufferBytes(room.Options.PackBytes, leafBytes));
    }

    public long SentBytes => Interlocked.Read(ref _sentBytes);

    /// <summary>Leaves in packs of this run.</summary>
    public long Leaves => Interlocked.Read(ref _leaves);

    /// <summary>The first thing that went wrong with an upload.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>An empty pack; waits while all buffers are on their way.</summary>
    public async ValueTask<PackBuilder> BeginAsync(CancellationToken cancellation)
    {
        var buffer = await _buffers.RentAsync(cancellation);
        var number = _packs.Reserve();
        _own[number] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return new PackBuilder(buffer, number, _room.Options.PackBytes, _leafBytes, _room.Keys?.Current, _room.Options.RandomBytes(PackTail.SaltBytes));
    }

    /// <summary>Finishes the pack and sends it on its way; on the caller's own thread where there is only one.</summary>
    public async ValueTask SealAsync(PackBuilder pack)
    {
        var (hash, length) = pack.Seal();
        var name = new ObjectName(_session, hash);
        _packs.SetName(pack.Number, name);
        Interlocked.Add(ref _leaves, pack.Count);
        if (_inline)
        {
            await UploadAsync(pack, name, length);
            return;
        }
        var upload = Task.Run(() => UploadAsync(pack, name, length), CancellationToken.None);
        _running[upload] = true;
        _ = upload.ContinueWith(done => _running.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Completes when the pack is durable in the store; at once for packs of others.</summary>
    public Task UploadedAsync(int number, CancellationToken cancellation) =>
        _own.TryGetValue(number, out var own) ? own.Task.WaitAsync(cancellation) : Task.CompletedTask;

    public bool IsUploaded(int number) => !_own.TryGetValue(number, out var own) || own.Task.IsCompletedSuccessfully;

    /// <summary>Waits for all uploads, whatever became of them.</summary>
    public async Task DrainAsync()
    {
        while (!_running.IsEmpty)
            await Task.WhenAll(_running.Keys);
    }

    public async ValueTask DisposeAsync()
    {
        await DrainAsync();
        _buffers.Clear();
        _atOnce.Dispose();
    }

    private async Task UploadAsync(PackBuilder pack, ObjectName name, int length)
    {
        try
        {
            await _atOnce.WaitAsync(_failed.Token);
            try
            {
                // A store may look into it (a folder writes it as it lies), and none may change it.
                using var content = new MemoryStream(pack.Buffer.Array, pack.Buffer.Offset, length, writable: false, publiclyVisible: true);
                await _room.Store.PutAsync(_room.Names.Pack(name), content, _failed.Token);
            }
            finally
            {
                _atOnce.Release();
            }
            Interlocked.Add(ref _sentBytes, length);
            _own[pack.Number].TrySetResult();
        }
        catch (Exception e)
        {
            // The run fails with it: whoever waits is woken by the token, and the run shows this exception.
            Fault ??= e;
            await _failed.CancelAsync();
        }
        finally
        {
            pack.Dispose();
            _buffers.Return(pack.Buffer);
        }
    }
}
