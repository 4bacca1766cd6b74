namespace SnapshotWorkflows.Lab.Image;

/// <summary>A file to be put on the sample disk; <paramref name="GapBytes"/> of the disk stay empty behind it.</summary>
internal sealed record SampleFile(string Path, long Bytes, long GapBytes, Func<IEnumerable<ReadOnlyMemory<byte>>> Content);

/// <summary>What a sample disk holds: about a sixth random, a ninth text, some that repeats itself, small files of awkward lengths, and holes.</summary>
internal static class SampleFiles
{
    /// <summary>The file that the running guest keeps writing into.</summary>
    public const string Scratch = "GUEST/SCRATCH.DAT";

    public static IEnumerable<SampleFile> Plan(long diskBytes, int seed)
    {
        var unit = diskBytes / 1024;
        var next = (ulong)seed * 1000;
        yield return new("README.TXT", 300, 0, () => SampleContent.Text((ulong)seed, 300));
        foreach (var bytes in new long[] { 0, 1, 511, 512, 513, 4095, 4096, 4097, 65_537 })
        {
            var stream = ++next;
            yield return new($"SMALL/B{bytes}.BIN", bytes, 0, () => SampleContent.Random(stream, bytes));
        }

        for (var i = 0; i < 10; i++)
        {
            var stream = ++next;
            var bytes = 18 * unit - i * 1_001;
            yield return new($"MEDIA/{i / 5}/CLIP{i:00}.RAW", bytes, i % 3 == 0 ? 7 * unit : 0, () => SampleContent.Random(stream, bytes));
        }

        yield return new(Scratch, 64 * unit, 64 * unit, () => SampleContent.Random(ulong.MaxValue - (ulong)seed, 64 * unit));

        for (var i = 0; i < 24; i++)
        {
            var stream = ++next;
            var bytes = 5 * unit - i * 777;
            yield return new($"TEXT/LOG{i:000}.TXT", bytes, i % 8 == 7 ? 20 * unit : 0, () => SampleContent.Text(stream, bytes));
        }

        for (var i = 0; i < 3; i++)
        {
            yield return new($"COPIES/SAME{i}.BIN", 9 * unit, 3 * unit, () => SampleContent.Random((ulong)seed * 1000 + 999, 9 * unit));
        }
    }
}
