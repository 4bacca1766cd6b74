namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// Changed block tracking of one disk: which 64 KiB blocks were written since its parent, the snapshot before it. Kept in the pool's
/// database, where SM keeps it in a volume or file beside the disk.
/// </summary>
internal sealed class ChangeLog(long virtualSize, string? parent)
{
    public const int Block = 64 * 1024;
    private readonly Lock _gate = new();
    private bool _dirty;
    private byte[] _bits = new byte[(((virtualSize + Block - 1) / Block) + 7) / 8];

    /// <summary>Uuid of the snapshot that this log begins at; null when tracking began here.</summary>
    public string? Parent { get; set; } = parent;

    public byte[] Bits
    {
        get
        {
            lock (_gate)
                return [.. _bits];
        }
    }

    public static ChangeLog Restore(byte[] bits, string? parent) => new(0, parent) { _bits = bits };

    public void Mark(long offset, long length)
    {
        lock (_gate)
            for (var block = offset / Block; block * Block < offset + length; block++)
            {
                var mask = (byte)(0x80 >> (int)(block % 8));
                if (block / 8 >= _bits.Length || (_bits[block / 8] & mask) != 0)
                    continue;
                _bits[block / 8] |= mask;
                _dirty = true;
            }
    }

    /// <summary>Whether anything was marked since this was asked last.</summary>
    public bool TakeDirty()
    {
        lock (_gate)
        {
            var dirty = _dirty;
            _dirty = false;
            return dirty;
        }
    }

    /// <summary>Takes in what an earlier log says, which is about to go.</summary>
    public void Merge(ChangeLog earlier)
    {
        var other = earlier.Bits;
        lock (_gate)
            for (var i = 0; i < Math.Min(_bits.Length, other.Length); i++)
                _bits[i] |= other[i];
        Parent = earlier.Parent;
    }

    public void Grow(long newSize)
    {
        lock (_gate)
            Array.Resize(ref _bits, (int)((((newSize + Block - 1) / Block) + 7) / 8));
    }
}
