using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace SnapshotWorkflows.Secondary.Chunks.Format;

/// <summary>32 bytes by value: a leaf's hash or id, or the hash in an object's name.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct LeafHash(ulong A, ulong B, ulong C, ulong D)
{
    public const int Bytes = 32;

    public static LeafHash Read(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<LeafHash>(bytes);

    public void Write(Span<byte> bytes) => MemoryMarshal.Write(bytes, this);

    /// <summary>The bytes themselves, in order. Valid as long as the value stays where it is.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Span => MemoryMarshal.AsBytes(new ReadOnlySpan<LeafHash>(in this));

    public bool IsZero => (A | B | C | D) == 0;

    public override int GetHashCode() => (int)A;

    public override string ToString() => Convert.ToHexStringLower(Span);

    public static LeafHash Parse(ReadOnlySpan<char> hex)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        Convert.FromHexString(hex, bytes, out _, out _);
        return Read(bytes);
    }
}
