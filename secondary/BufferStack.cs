using System.Collections.Concurrent;
using System.Threading.Channels;

namespace SnapshotWorkflows.Secondary;

/// <summary>
/// Aligned buffers of one size, no more than a set number of them; who wants one more waits for one to come back. The one used last is given first, and a new one is made only where none is free: memory that
/// was touched before costs nothing, and lies in the processor's cache. Safe for many threads.
/// </summary>
internal sealed class BufferStack
{
    private readonly ConcurrentStack<AlignedBuffer> _free = new();
    private readonly Channel<bool> _places = Channel.CreateUnbounded<bool>();
    private readonly Func<AlignedBuffer> _make;

    public BufferStack(int most, int bytes)
        : this(most, () => new AlignedBuffer(bytes))
    {
    }

    public BufferStack(int most, Func<AlignedBuffer> make)
    {
        _make = make;
        for (var i = 0; i < most; i++)
            _places.Writer.TryWrite(true);
    }

    public async ValueTask<AlignedBuffer> RentAsync(CancellationToken cancellation)
    {
        await _places.Reader.ReadAsync(cancellation);
        return _free.TryPop(out var buffer) ? buffer : _make();
    }

    public void Return(AlignedBuffer buffer)
    {
        _free.Push(buffer);
        _places.Writer.TryWrite(true);
    }

    /// <summary>Lets go of those that came back, when nobody will ask for one any more.</summary>
    public void Clear() => Clear(static buffer => buffer.Dispose());

    /// <inheritdoc cref="Clear()"/>
    /// <param name="take">Given each of them.</param>
    public void Clear(Action<AlignedBuffer> take)
    {
        while (_free.TryPop(out var buffer))
            take(buffer);
    }
}
