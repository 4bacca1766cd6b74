using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace SnapshotWorkflows.Lab.Image;

/// <summary>
/// Lays out and writes a FAT32 file system (Microsoft's fatgen103 has the fields). Files are contiguous, names are 8.3 in upper case;
/// folders are made as paths name them. Content is written by the caller, at the places that <see cref="Add"/> returns.
/// </summary>
internal sealed class Fat32Volume
{
    private const int SectorBytes = 512;
    private const int ReservedSectors = 32;
    private const uint EndOfChain = 0x0FFF_FFFF;
    private const byte IsFolder = 0x10;

    private readonly Folder _root = new();
    private readonly long _sectors;
    private readonly int _startSector;
    private readonly uint _id;
    private readonly int _clusterSectors;
    private readonly int _tableSectors;
    private readonly uint[] _table;
    private uint _free = 2;

    public Fat32Volume(long sectors, int startSector, uint id)
    {
        (_sectors, _startSector, _id) = (sectors, startSector, id);
        _clusterSectors = sectors <= 260L * 2048 ? 1 : 8;
        // The tables shorten the room for clusters, and the clusters decide the tables: two or three rounds settle it.
        long clusters;
        do
        {
            clusters = (sectors - ReservedSectors - 2 * _tableSectors) / _clusterSectors;
            var needed = (int)(((clusters + 2) * 4 + SectorBytes - 1) / SectorBytes);
            if (needed <= _tableSectors) break;
            _tableSectors = needed;
        }
        while (true);
        if (clusters < 65_525) throw new ArgumentOutOfRangeException(nameof(sectors), sectors, "Too few clusters for FAT32; make the disk larger.");
        _table = new uint[clusters + 2];
        _table[0] = 0x0FFF_FFF8;
        _table[1] = EndOfChain;
    }

    private int ClusterBytes => _clusterSectors * SectorBytes;

    private long DataStart => (_startSector + ReservedSectors + 2L * _tableSectors) * SectorBytes;

    /// <summary>Gives a file its clusters, leaves a gap of free ones behind it, and returns the byte of the disk where its content starts.</summary>
    public long Add(string path, long bytes, long gapBytes)
    {
        var folder = _root;
        var names = path.Split('/');
        foreach (var name in names[..^1])
        {
            if (!folder.Folders.TryGetValue(name, out var child)) folder.Folders[name] = child = new Folder();
            folder = child;
        }

        var first = bytes == 0 ? 0 : Allocate(bytes);
        folder.Files.Add((names[^1], first, bytes));
        _free += (uint)(gapBytes / ClusterBytes);
        return Place(Math.Max(first, 2));
    }

    /// <summary>Writes boot sectors, tables and folders.</summary>
    public void Write(SafeFileHandle disk)
    {
        // The root comes first in number only by custom; its cluster is named in the boot sector.
        AllocateFolders(_root);
        WriteFolder(disk, _root, parent: 0, isRoot: true);

        var boot = BootSector();
        var information = InformationSector();
        var start = (long)_startSector * SectorBytes;
        foreach (var copy in new[] { 0, 6 })
        {
            RandomAccess.Write(disk, boot, start + copy * SectorBytes);
            RandomAccess.Write(disk, information, start + (copy + 1) * SectorBytes);
        }

        if (!BitConverter.IsLittleEndian) throw new PlatformNotSupportedException("The image maker writes the machine's own byte order, which must be little-endian.");
        var table = MemoryMarshal.AsBytes(_table.AsSpan());
        RandomAccess.Write(disk, table, start + ReservedSectors * SectorBytes);
        RandomAccess.Write(disk, table, start + (ReservedSectors + (long)_tableSectors) * SectorBytes);
    }

    private uint Allocate(long bytes)
    {
        var count = (uint)((bytes + ClusterBytes - 1) / ClusterBytes);
        var first = _free;
        if (first + count > _table.Length) throw new InvalidOperationException("The sample files do not fit on the disk; make it larger.");
        for (var i = first; i < first + count - 1; i++) _table[i] = i + 1;
        _table[first + count - 1] = EndOfChain;
        _free += count;
        return first;
    }

    private long Place(uint cluster) => DataStart + (cluster - 2L) * ClusterBytes;

    private void AllocateFolders(Folder folder)
    {
        // Two entries for "." and ".." (or the label), one for the end mark.
        folder.Cluster = Allocate((folder.Files.Count + folder.Folders.Count + 3) * 32L);
        foreach (var child in folder.Folders.Values) AllocateFolders(child);
    }

    private void WriteFolder(SafeFileHandle disk, Folder folder, uint parent, bool isRoot)
    {
        var entries = new List<byte[]>();
        if (isRoot)
        {
            entries.Add(Entry("LAB        ", 0x08, 0, 0));
        }
        else
        {
            entries.Add(Entry(".          ", IsFolder, folder.Cluster, 0));
            entries.Add(Entry("..         ", IsFolder, parent, 0));
        }

        foreach (var (name, child) in folder.Folders)
        {
            entries.Add(Entry(ShortName(name), IsFolder, child.Cluster, 0));
            // By the specification ".." of a folder in the root names cluster 0, wherever the root is.
            WriteFolder(disk, child, isRoot ? 0 : folder.Cluster, isRoot: false);
        }

        foreach (var (name, cluster, bytes) in folder.Files) entries.Add(Entry(ShortName(name), 0x20, cluster, (uint)bytes));
        RandomAccess.Write(disk, entries.SelectMany(entry => entry).ToArray(), Place(folder.Cluster));
    }

    private static string ShortName(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var (stem, extension) = dot < 0 ? (name, "") : (name[..dot], name[(dot + 1)..]);
        if (stem.Length is 0 or > 8 || extension.Length > 3) throw new ArgumentException($"{name} is no 8.3 name.", nameof(name));
        return stem.PadRight(8) + extension.PadRight(3);
    }

    private static byte[] Entry(string name, byte attributes, uint cluster, uint bytes)
    {
        const ushort Date = (2026 - 1980) << 9 | 1 << 5 | 1;
        const ushort Noon = 12 << 11;
        var entry = new byte[32];
        Encoding.ASCII.GetBytes(name, entry);
        entry[11] = attributes;
        Little16(entry, 14, Noon);
        Little16(entry, 16, Date);
        Little16(entry, 18, Date);
        Little16(entry, 20, (ushort)(cluster >> 16));
        Little16(entry, 22, Noon);
        Little16(entry, 24, Date);
        Little16(entry, 26, (ushort)cluster);
        Little32(entry, 28, bytes);
        return entry;
    }

    private byte[] BootSector()
    {
        var boot = new byte[SectorBytes];
        new byte[] { 0xEB, 0x58, 0x90 }.CopyTo(boot, 0);
        Encoding.ASCII.GetBytes("SNAPLAB ", boot.AsSpan(3));
        Little16(boot, 11, SectorBytes);
        boot[13] = (byte)_clusterSectors;
        Little16(boot, 14, ReservedSectors);
        boot[16] = 2;
        boot[21] = 0xF8;
        Little16(boot, 24, 63);
        Little16(boot, 26, 255);
        Little32(boot, 28, (uint)_startSector);
        Little32(boot, 32, (uint)_sectors);
        Little32(boot, 36, (uint)_tableSectors);
        Little32(boot, 44, _root.Cluster);
        Little16(boot, 48, 1);
        Little16(boot, 50, 6);
        boot[64] = 0x80;
        boot[66] = 0x29;
        Little32(boot, 67, _id);
        Encoding.ASCII.GetBytes("LAB        FAT32   ", boot.AsSpan(71));
        boot[510] = 0x55;
        boot[511] = 0xAA;
        return boot;
    }

    private byte[] InformationSector()
    {
        var sector = new byte[SectorBytes];
        Little32(sector, 0, 0x4161_5252);
        Little32(sector, 484, 0x6141_7272);
        Little32(sector, 488, (uint)_table.Count(entry => entry == 0));
        Little32(sector, 492, _free);
        Little32(sector, 508, 0xAA55_0000);
        return sector;
    }

    private static void Little16(Span<byte> bytes, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(bytes[at..], value);

    private static void Little32(Span<byte> bytes, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes[at..], value);

    private sealed class Folder
    {
        public SortedDictionary<string, Folder> Folders { get; } = new(StringComparer.Ordinal);

        public List<(string Name, uint Cluster, long Bytes)> Files { get; } = [];

        public uint Cluster { get; set; }
    }
}
