using System.Buffers.Binary;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace SnapshotWorkflows.Secondary.Nfs;

/// <summary>Which parts of an unfinished file are durable: records of 64 bytes, appended only after the file itself was synced. Of one part the last record counts. A torn or foreign record ends the reading.</summary>
internal sealed class StagedJournal : IDisposable
{
    /// <summary>No content has this identity: a record of it says that the part of its number is not to be relied on any more.</summary>
    public static readonly string Withdrawn = new('0', StagedParts.IdentityDigits);

    private const int RecordBytes = 64;
    private const int SumAt = 48;

    private readonly SafeFileHandle _file;
    private long _end;

    private StagedJournal(SafeFileHandle file, long end) => (_file, _end) = (file, end);

    /// <param name="held">Gets every part that an earlier life made durable.</param>
    public static StagedJournal Open(string path, Action<StagedPart> held)
    {
        var file = Libc.Open(path, Libc.ReadWrite | Libc.Create);
        try
        {
            Span<byte> record = stackalloc byte[RecordBytes];
            long at = 0;
            while (RandomAccess.Read(file, record, at) == RecordBytes && record[SumAt..].SequenceEqual(Sum(record)))
            {
                held(new StagedPart(
                    BinaryPrimitives.ReadInt32BigEndian(record), BinaryPrimitives.ReadInt64BigEndian(record[8..]), BinaryPrimitives.ReadInt32BigEndian(record[4..]),
                    Convert.ToHexStringLower(record.Slice(16, 32))));
                at += RecordBytes;
            }
            return new StagedJournal(file, at);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Append(IReadOnlyList<StagedPart> parts)
    {
        var bytes = new byte[parts.Count * RecordBytes];
        for (var i = 0; i < parts.Count; i++)
        {
            var record = bytes.AsSpan(i * RecordBytes, RecordBytes);
            BinaryPrimitives.WriteInt32BigEndian(record, parts[i].Index);
            BinaryPrimitives.WriteInt32BigEndian(record[4..], parts[i].Length);
            BinaryPrimitives.WriteInt64BigEndian(record[8..], parts[i].Offset);
            Convert.FromHexString(parts[i].Identity).CopyTo(record[16..]);
            Sum(record).CopyTo(record[SumAt..]);
        }
        RandomAccess.Write(_file, bytes, _end);
        Libc.Sync(_file);
        _end += bytes.Length;
    }

    public void Dispose() => _file.Dispose();

    private static byte[] Sum(ReadOnlySpan<byte> record) => XxHash128.Hash(record[..SumAt]);
}
