using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SnapshotWorkflows.Lab.Prover;

/// <summary>The files of the first FAT32 partition of a raw disk: path (upper case, with /), length and SHA-256 of each.</summary>
internal sealed class Fat32
{
    private const int EntryBytes = 32;
    private const uint LastCluster = 0x0FFF_FFF8;

    private readonly Region _disk;
    private readonly long _data;
    private readonly int _clusterBytes;
    private readonly uint[] _table;
    private readonly uint _root;

    public Fat32(Region disk)
    {
        _disk = disk;
        var mbr = disk.Read(0, 512);
        if (mbr[510] != 0x55 || mbr[511] != 0xAA) throw new InvalidDataException("The disk has no partition table.");
        if (mbr[446 + 4] is not (0x0B or 0x0C)) throw new InvalidDataException($"The first partition is of type {mbr[446 + 4]:x2}, not FAT32.");
        var partition = (long)Little32(mbr, 446 + 8) * 512;
        var boot = disk.Read(partition, 512);
        if (Little16(boot, 11) != 512) throw new InvalidDataException("The partition does not start with a boot sector of 512-byte sectors.");
        var tableStart = partition + Little16(boot, 14) * 512L;
        var tableBytes = Little32(boot, 36) * 512L;
        _clusterBytes = boot[13] * 512;
        _data = tableStart + boot[16] * tableBytes;
        _root = Little32(boot, 44);
        var raw = disk.Read(tableStart, checked((int)tableBytes));
        _table = new uint[raw.Length / 4];
        for (var i = 0; i < _table.Length; i++) _table[i] = Little32(raw, i * 4) & 0x0FFF_FFFF;
    }

    public IEnumerable<(string Path, long Bytes, string Sha256)> Files() => Folder(_root, "");

    private IEnumerable<(string Path, long Bytes, string Sha256)> Folder(uint cluster, string prefix)
    {
        foreach (var bytes in Clusters(cluster))
        {
            for (var at = 0; at < bytes.Length; at += EntryBytes)
            {
                if (bytes[at] == 0) yield break;
                var attributes = bytes[at + 11];
                if (bytes[at] is 0xE5 or (byte)'.' || (attributes & 0x08) != 0) continue;
                var path = prefix + Name(bytes.AsSpan(at, 11));
                var first = (uint)Little16(bytes, at + 20) << 16 | Little16(bytes, at + 26);
                if ((attributes & 0x10) == 0)
                {
                    var length = Little32(bytes, at + 28);
                    yield return (path, length, Hash(first, length));
                    continue;
                }

                foreach (var file in Folder(first, path + "/")) yield return file;
            }
        }
    }

    private string Hash(uint cluster, long length)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var left = length;
        foreach (var bytes in left == 0 ? [] : Clusters(cluster))
        {
            var part = bytes.AsSpan(0, (int)Math.Min(left, bytes.Length));
            hash.AppendData(part);
            left -= part.Length;
        }

        if (left > 0) throw new InvalidDataException($"A chain of clusters from {cluster} is {left} bytes too short.");
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private IEnumerable<byte[]> Clusters(uint cluster)
    {
        for (var seen = 0; cluster < LastCluster; seen++)
        {
            if (cluster < 2 || cluster >= _table.Length || seen > _table.Length) throw new InvalidDataException($"A chain of clusters is broken at {cluster}.");
            yield return _disk.Read(_data + (cluster - 2L) * _clusterBytes, _clusterBytes);
            cluster = _table[cluster];
        }
    }

    private static string Name(ReadOnlySpan<byte> entry)
    {
        var name = Encoding.ASCII.GetString(entry[..8]).TrimEnd();
        var extension = Encoding.ASCII.GetString(entry[8..]).TrimEnd();
        return extension.Length == 0 ? name : $"{name}.{extension}";
    }

    private static ushort Little16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at, 2));

    private static uint Little32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at, 4));
}
