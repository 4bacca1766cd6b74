using System.Runtime.InteropServices;
using SnapshotWorkflows.Secondary.Chunks.Codec;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Chunks;

public sealed class LibZstdTests
{
    [Theory]
    [InlineData(10504, 10507, true)]
    [InlineData(0, 10507, true)]
    [InlineData(10507, 10507, false)]
    [InlineData(10508, 10507, false)]
    [InlineData(10504, 0, false)]
    [InlineData(0, 0, false)]
    public void The_machines_library_is_taken_where_it_is_quick_and_otherwise_the_programs_own(int machine, int own, bool isOwn) => Assert.Equal(isOwn, LibZstd.IsOwnTaken((uint)machine, (uint)own));

    [Fact]
    public void A_quick_library_is_in_use()
    {
        var brought = Path.Combine(AppContext.BaseDirectory, "runtimes", $"linux-{(RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64")}", "native", "libzstd.so");
        Assert.SkipUnless(File.Exists(brought), "The program was built without a library of its own (BringZstd=false), or for another processor.");
        Assert.True(LibZstd.Version >= 10507, $"libzstd {LibZstd.Version} is in use.");
    }

    // Repositories outlive libraries: what this one writes, one of another version reads, and the other way round.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public unsafe void Frames_of_one_library_are_those_of_another(int kind)
    {
        Assert.SkipUnless(NativeLibrary.TryLoad("libzstd.so.1", out var other), "This machine has no libzstd of its own.");
        var leaf = new byte[64 * 1024];
        var random = new Random(kind);
        for (var i = 0; i < leaf.Length; i++)
            leaf[i] = kind switch { 0 => (byte)(i / 300), 1 => (byte)"of words and of numbers between them "[random.Next(37)], _ => i < 40_000 || random.Next(20) > 0 ? (byte)(i % 61) : (byte)random.Next(256) };
        using var codec = new LeafCodec(true);
        var frame = new byte[leaf.Length];
        var length = codec.Compress(leaf, frame, out var coding);
        Assert.Equal(LeafCoding.Zstd, coding);
        var back = new byte[leaf.Length];
        fixed (byte* from = frame, to = back)
            ((delegate* unmanaged<byte*, nuint, byte*, nuint, nuint>)NativeLibrary.GetExport(other, "ZSTD_decompress"))(to, (nuint)back.Length, from, (nuint)length);
        Assert.Equal(leaf, back);
        fixed (byte* from = leaf, to = frame)
            length = (int)((delegate* unmanaged<byte*, nuint, byte*, nuint, int, nuint>)NativeLibrary.GetExport(other, "ZSTD_compress"))(to, (nuint)frame.Length, from, (nuint)leaf.Length, 1);
        Array.Clear(back);
        Assert.True(codec.TryDecompress(LeafCoding.Zstd, frame.AsSpan(0, length), back));
        Assert.Equal(leaf, back);
    }
}
