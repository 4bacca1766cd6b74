using Microsoft.Win32.SafeHandles;

namespace SnapshotWorkflows.Secondary;

/// <summary>A local file as a source.</summary>
public sealed class FileSource(SafeFileHandle file) : IRandomAccessSource, IDisposable
{
    public long Length { get; } = RandomAccess.GetLength(file);

    public static FileSource Open(string path) => new(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var done = 0;
        while (done < buffer.Length && RandomAccess.Read(file, buffer.Span[done..], offset + done) is var read and > 0)
            done += read;
        return ValueTask.FromResult(done);
    }

    public void Dispose() => file.Dispose();
}

/// <summary>Bytes in memory as a source.</summary>
public sealed class MemorySource(ReadOnlyMemory<byte> bytes) : IRandomAccessSource
{
    public long Length => bytes.Length;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        var count = (int)Math.Clamp(bytes.Length - offset, 0, buffer.Length);
        if (count > 0)
            bytes.Span.Slice((int)offset, count).CopyTo(buffer.Span);
        return ValueTask.FromResult(count);
    }
}
