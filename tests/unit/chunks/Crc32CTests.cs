using System.Numerics;
using SnapshotWorkflows.Secondary.Chunks.Format;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Chunks;

public sealed class Crc32CTests
{
    /// <summary>The examples of RFC 3720, B.4, as the bytes of the CRC stand there.</summary>
    [Fact]
    public void The_examples_of_the_standard_come_out()
    {
        Assert.Equal(0x8A91_36AAu, Crc32C.Of(new byte[32]));
        Assert.Equal(0x62A8_AB43u, Crc32C.Of(Enumerable.Repeat((byte)0xFF, 32).ToArray()));
        Assert.Equal(0x46DD_794Eu, Crc32C.Of([.. Enumerable.Range(0, 32).Select(i => (byte)i)]));
        Assert.Equal(0xE306_9283u, Crc32C.Of("123456789"u8));
    }

    /// <summary>Lengths around one, two and three stretches and several of them: side by side or one after the other, the CRC is the same.</summary>
    [Fact]
    public void Stretches_side_by_side_give_what_one_pass_gives()
    {
        var bytes = new byte[12 * Crc32C.StretchBytes + 20];
        new Random(20261127).NextBytes(bytes);
        foreach (var length in Enumerable.Range(0, 12).SelectMany(n => Enumerable.Range(-9, 19).Select(off => n * Crc32C.StretchBytes + off)).Where(length => length >= 0))
        {
            var crc = uint.MaxValue;
            foreach (var one in bytes.AsSpan(3, length))
                crc = BitOperations.Crc32C(crc, one);
            Assert.Equal(~crc, Crc32C.Of(bytes.AsSpan(3, length)));
        }
    }
}
