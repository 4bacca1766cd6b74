using System.Buffers.Binary;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// The volume group on one LUN: label, two metadata slots written in turn (the valid one with the higher sequence counts), and
/// extents. Each change is one write of the other slot, so a snapshot of the LUN never shows half of it.
/// </summary>
internal sealed class VolumeGroup
{
    private readonly IBlockDevice _lun;
    private readonly List<LvEntry> _volumes;
    private long _sequence;

    private VolumeGroup(IBlockDevice lun, PvLabel label, string vgUuid, string name, long sequence, List<LvEntry> volumes)
    {
        _lun = lun;
        Label = label;
        VgUuid = vgUuid;
        Name = name;
        _sequence = sequence;
        _volumes = volumes;
    }

    public PvLabel Label { get; private set; }

    public string VgUuid { get; private set; }

    public string Name { get; private set; }

    public string SrUuid => Name[LunLayout.GroupPrefix.Length..];

    public IReadOnlyList<LvEntry> Volumes => _volumes;

    public long ExtentCount => Math.Max(0, (_lun.Length - LunLayout.FirstExtentOffset) / LunLayout.ExtentSize);

    public long FreeExtents => ExtentCount - _volumes.Sum(v => v.ExtentCount);

    public long AllocatedBytes => _volumes.Sum(v => v.Bytes);

    public static VolumeGroup Format(IBlockDevice lun, string srUuid, Func<string> newUuid, DateTimeOffset at)
    {
        var label = new PvLabel(newUuid(), lun.Length);
        var group = new VolumeGroup(lun, label, newUuid(), LunLayout.GroupPrefix + srUuid, 0, []);
        lun.Write(LunLayout.SlotAt(0), new byte[LunLayout.SlotHeaderSize]);
        group.Create(LunLayout.ManagementVolume, LunLayout.ExtentSize, newUuid(), isSnapshot: false, at);
        lun.Write(LunLayout.LabelOffset, label.Encode());
        return group;
    }

    /// <summary>Null when the LUN bears no label or no valid metadata.</summary>
    public static VolumeGroup? Open(IBlockDevice lun)
    {
        if (ReadLabel(lun) is not { } label)
            return null;
        VolumeGroup? newest = null;
        for (var slot = 0L; slot < 2; slot++)
        {
            var found = ReadSlot(lun, label, LunLayout.SlotAt(slot));
            if (found is not null && (newest is null || found._sequence > newest._sequence))
                newest = found;
        }

        return newest;
    }

    /// <summary>The label alone: what a host compares to see the same physical volume twice.</summary>
    public static PvLabel? ReadLabel(IBlockDevice lun)
    {
        if (lun.Length < LunLayout.FirstExtentOffset)
            return null;
        var b = new byte[LunLayout.LabelSize];
        lun.Read(LunLayout.LabelOffset, b);
        return PvLabel.Decode(b);
    }

    /// <summary>Leaves the LUN as a resign that died half-way does: a new label, and no metadata that fits it.</summary>
    public static void Ruin(IBlockDevice lun, string pvUuid)
    {
        lun.Write(LunLayout.LabelOffset, new PvLabel(pvUuid, lun.Length).Encode());
        for (var slot = 0L; slot < 2; slot++)
            lun.Write(LunLayout.SlotAt(slot), new byte[LunLayout.SlotHeaderSize]);
    }

    public LvEntry? Find(string name) => _volumes.Find(v => v.Name == name);

    public IBlockDevice OpenVolume(LvEntry entry) => new LogicalVolume(_lun, entry);

    /// <summary>Null when no run of free extents is long enough.</summary>
    public LvEntry? Create(string name, long bytes, string uuid, bool isSnapshot, DateTimeOffset at)
    {
        var wanted = LunLayout.Extents(bytes);
        var start = 0L;
        foreach (var v in _volumes.OrderBy(v => v.FirstExtent))
        {
            if (v.FirstExtent - start >= wanted)
                break;
            start = v.FirstExtent + v.ExtentCount;
        }

        if (start + wanted > ExtentCount || _volumes.Count >= LunLayout.MaximumVolumes)
            return null;
        var entry = new LvEntry(name, uuid, isSnapshot, start, wanted, at.ToUnixTimeSeconds());
        _volumes.Add(entry);
        Commit();
        return entry;
    }

    public void Remove(string name)
    {
        _volumes.RemoveAll(v => v.Name == name);
        Commit();
    }

    /// <summary>One volume takes another's place and name, in one commit.</summary>
    public void Replace(string name, string by)
    {
        _volumes.RemoveAll(v => v.Name == name);
        var index = _volumes.FindIndex(v => v.Name == by);
        _volumes[index] = _volumes[index] with { Name = name };
        Commit();
    }

    /// <summary>New physical volume, group and volume identifiers; snapshots are dropped. Returns old VDI uuid → new.</summary>
    public IReadOnlyDictionary<string, string> Resign(string srUuid, Func<string> newUuid)
    {
        var renamed = new Dictionary<string, string>(StringComparer.Ordinal);
        _volumes.RemoveAll(v => v.IsSnapshot);
        for (var i = 0; i < _volumes.Count; i++)
        {
            var name = _volumes[i].Name;
            if (_volumes[i].VdiUuid is { } old)
            {
                renamed[old] = newUuid();
                name = LunLayout.VhdPrefix + renamed[old];
            }

            _volumes[i] = _volumes[i] with { Name = name, Uuid = newUuid() };
        }

        Label = new PvLabel(newUuid(), _lun.Length);
        VgUuid = newUuid();
        Name = LunLayout.GroupPrefix + srUuid;
        _lun.Write(LunLayout.LabelOffset, Label.Encode());
        Commit();
        Commit();
        return renamed;
    }

    private static VolumeGroup? ReadSlot(IBlockDevice lun, PvLabel label, long at)
    {
        var head = new byte[LunLayout.SlotHeaderSize];
        lun.Read(at, head);
        var count = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(24));
        if (!head.AsSpan(0, 8).SequenceEqual("XSVGMETA"u8) || count < 0 || count > LunLayout.MaximumVolumes)
            return null;
        var slot = new byte[LunLayout.SlotHeaderSize + (count * LunLayout.EntrySize)];
        lun.Read(at, slot);
        if (BinaryPrimitives.ReadUInt32LittleEndian(slot.AsSpan(12)) != LunLayout.Crc(slot.AsSpan(16))
            || LunLayout.GetText(slot.AsSpan(152, 36)) != label.PvUuid)
            return null;
        var volumes = new List<LvEntry>(count);
        for (var i = 0; i < count; i++)
            volumes.Add(LvEntry.Decode(slot.AsSpan(LunLayout.SlotHeaderSize + (i * LunLayout.EntrySize), LunLayout.EntrySize)));
        return new VolumeGroup(
            lun, label, LunLayout.GetText(slot.AsSpan(48, 36)), LunLayout.GetText(slot.AsSpan(88, 64)),
            BinaryPrimitives.ReadInt64LittleEndian(slot.AsSpan(16)), volumes);
    }

    private void Commit()
    {
        _sequence++;
        var slot = new byte[LunLayout.SlotHeaderSize + (_volumes.Count * LunLayout.EntrySize)];
        "XSVGMETA"u8.CopyTo(slot);
        BinaryPrimitives.WriteInt32LittleEndian(slot.AsSpan(8), 1);
        BinaryPrimitives.WriteInt64LittleEndian(slot.AsSpan(16), _sequence);
        BinaryPrimitives.WriteInt32LittleEndian(slot.AsSpan(24), _volumes.Count);
        BinaryPrimitives.WriteInt32LittleEndian(slot.AsSpan(28), (int)LunLayout.ExtentSize);
        BinaryPrimitives.WriteInt64LittleEndian(slot.AsSpan(32), LunLayout.FirstExtentOffset);
        BinaryPrimitives.WriteInt64LittleEndian(slot.AsSpan(40), ExtentCount);
        LunLayout.PutText(slot.AsSpan(48, 36), VgUuid);
        LunLayout.PutText(slot.AsSpan(88, 64), Name);
        LunLayout.PutText(slot.AsSpan(152, 36), Label.PvUuid);
        for (var i = 0; i < _volumes.Count; i++)
            _volumes[i].Encode(slot.AsSpan(LunLayout.SlotHeaderSize + (i * LunLayout.EntrySize), LunLayout.EntrySize));
        BinaryPrimitives.WriteUInt32LittleEndian(slot.AsSpan(12), LunLayout.Crc(slot.AsSpan(16)));
        _lun.Write(LunLayout.SlotAt(_sequence), slot);
    }
}
