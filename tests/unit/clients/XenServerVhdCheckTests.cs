using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Unit.Clients;

public sealed class XenServerVhdCheckTests
{
    private const long DiskBytes = 6 << 20;

    [Theory]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(4096)]
    [InlineData(10_000_000)]
    public void A_whole_stream_passes_in_whatever_pieces_it_comes(int piece) => Assert.Null(Run(Stream(0, 2), piece));

    [Fact]
    public void An_empty_disk_passes() => Assert.Null(Run(Stream(), 1000));

    [Theory]
    [InlineData("cut in the head")]
    [InlineData("cut in the table")]
    [InlineData("cut in a block")]
    [InlineData("without footer")]
    [InlineData("too long")]
    [InlineData("other footer")]
    [InlineData("other disk")]
    [InlineData("bad header")]
    [InlineData("no vhd")]
    [InlineData("zeros")]
    public void What_is_not_whole_is_told(string way)
    {
        var whole = Stream(0, 2);
        var bytes = way switch
        {
            "cut in the head" => whole[..700],
            "cut in the table" => whole[..2050],
            "cut in a block" => whole[..1_000_000],
            "without footer" => whole[..^512],
            "too long" => [.. whole, .. new byte[512]],
            "other footer" => Changed(whole, whole.Length - 400),
            "other disk" => Stream(4L << 20, 0),
            "bad header" => Changed(whole, 540),
            "no vhd" => Changed(whole, 3),
            _ => new byte[whole.Length],
        };
        Assert.NotNull(Run(bytes, 777));
    }

    /// <summary>No change of one byte of the structures, and no cut, goes by unseen or breaks the check.</summary>
    [Fact]
    public void Any_change_of_the_tables_and_any_cut_is_told()
    {
        var whole = Stream(1);
        Prop.ForAll(ArbMap.Default.ArbFor<PositiveInt>(), ArbMap.Default.ArbFor<NonNegativeInt>(), (piece, at) =>
        {
            var structure = at.Get * 7919 % (1536 + 12);
            var changed = Changed(whole, structure < 1536 ? structure : 2048 + structure - 1536);
            var cut = whole[..(at.Get * 104_729 % whole.Length)];
            return Run(changed, piece.Get * 100) is not null && Run(cut, piece.Get * 100) is not null;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200).WithQuietOnSuccess(true));
    }

    /// <summary>Bytes from nowhere are told, never a crash.</summary>
    [Fact]
    public void Noise_is_told() => Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), noise =>
    {
        var head = Stream(1)[..1536];
        for (var i = 0; i < noise.Length; i++) head[(i * 37) % head.Length] ^= noise[i];
        return Run([.. head, .. noise], 100) is not null && Run(noise, 1) is not null;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(200).WithQuietOnSuccess(true));

    private static byte[] Changed(byte[] bytes, int at)
    {
        var changed = (byte[])bytes.Clone();
        changed[at] ^= 0x41;
        return changed;
    }

    private static string? Run(byte[] bytes, int piece)
    {
        var check = new VhdStreamCheck(DiskBytes);
        for (var at = 0; at < bytes.Length; at += piece)
            if (check.Take(bytes.AsSpan(at, Math.Min(piece, bytes.Length - at))) is { } wrong) return wrong;
        return check.End();
    }

    private static byte[] Stream(params int[] blocks) => Stream(DiskBytes, blocks);

    private static byte[] Stream(long size, params int[] blocks)
    {
        var footer = new byte[512];
        "conectix"u8.CopyTo(footer);
        "caml"u8.CopyTo(footer.AsSpan(28));
        BinaryPrimitives.WriteInt64BigEndian(footer.AsSpan(48), size);
        BinaryPrimitives.WriteUInt32BigEndian(footer.AsSpan(64), Checksum(footer));
        var header = new byte[1024];
        "cxsparse"u8.CopyTo(header);
        BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(16), 2048);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(28), 3);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(32), 2 << 20);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(36), Checksum(header));
        var table = new byte[512];
        table.AsSpan().Fill(0xFF);
        for (var i = 0; i < blocks.Length; i++) BinaryPrimitives.WriteInt32BigEndian(table.AsSpan(blocks[i] * 4), 5 + (i * 4097));
        return [.. footer, .. header, .. new byte[512], .. table, .. new byte[blocks.Length * (512 + (2 << 20))], .. footer];
    }

    private static uint Checksum(byte[] bytes)
    {
        uint sum = 0;
        foreach (var value in bytes) sum += value;
        return ~sum;
    }
}
