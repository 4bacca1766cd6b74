using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.SolidFire.Model;

/// <summary>One login to one volume, and the LUN behind it.</summary>
internal sealed class LunSession(Cluster cluster, long id, Volume volume, InitiatorLogin login) : ILunSession, ILun
{
    private volatile bool lost;

    public long Id => id;

    public Volume Volume => volume;

    public string Initiator => login.InitiatorName;

    public string? ChapUsername => login.ChapUsername;

    public bool IsWriteProtected => !volume.AllowsWriting;

    public int LogicalBlockBytes => volume.Enable512e ? 512 : 4096;

    public DateTimeOffset CreateTime { get; } = cluster.Now;

    public ILun Lun => this;

    public bool Lost => lost;

    public string TargetIqn => volume.Iqn;

    public string ScsiId => $"3{volume.ScsiNaaDeviceId}";

    public string Serial => volume.ScsiEuiDeviceId;

    public long Length => volume.Device.Length;

    /// <summary>The target ends the session: further access is an I/O error until the initiator logs in anew.</summary>
    public void End() => lost = true;

    public void Read(long offset, Span<byte> buffer)
    {
        Check(volume.AllowsReading);
        try
        {
            volume.Device.Read(offset, buffer);
            volume.Counters.CountRead(offset, buffer.Length);
        }
        catch (ObjectDisposedException exception)
        {
            throw new IOException($"iSCSI session to {TargetIqn} was lost.", exception);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> buffer)
    {
        Check(volume.AllowsWriting);
        try
        {
            // Before and after: whichever side of the write a snapshot falls on, its checksum differs from the one before.
            Volatile.Write(ref volume.ContentStamp, cluster.NextContentStamp());
            volume.Device.Write(offset, buffer);
            Volatile.Write(ref volume.ContentStamp, cluster.NextContentStamp());
            volume.Counters.CountWrite(offset, buffer.Length);
        }
        catch (ObjectDisposedException exception)
        {
            throw new IOException($"iSCSI session to {TargetIqn} was lost.", exception);
        }
    }

    public IEnumerable<(long Offset, long Length)> AllocatedExtents()
    {
        Check(volume.AllowsReading);
        return volume.Device.AllocatedExtents();
    }

    public void Dispose()
    {
        lost = true;
        cluster.Logout(this);
    }

    public JsonObject ToJson(string accountName, string svip, JsonObject? initiator) => new()
    {
        ["accountID"] = volume.AccountId,
        ["accountName"] = accountName,
        ["authentication"] = new JsonObject
        {
            ["authMethod"] = ChapUsername is null ? "None" : "CHAP",
            ["chapAlgorithm"] = ChapUsername is null ? "null" : login.ChapAlgorithm,
            ["chapUsername"] = ChapUsername ?? "null",
            ["direction"] = ChapUsername is null ? "null" : login.ChapMutual ? "two-way" : "one-way",
        },
        ["createTime"] = Json.PreciseTime(CreateTime),
        ["driveID"] = 1,
        ["driveIDs"] = Json.Array([1L]),
        ["initiator"] = initiator,
        ["initiatorIP"] = login.Address ?? $"10.117.2.200:{40000 + (id % 20000)}",
        ["initiatorName"] = Initiator,
        ["initiatorPortName"] = $"{Initiator},i,0x{id:x12}",
        ["initiatorSessionID"] = id,
        ["msSinceLastIscsiPDU"] = 0,
        ["msSinceLastScsiCommand"] = 0,
        ["nodeID"] = 1,
        ["serviceID"] = 21,
        ["sessionID"] = id,
        ["targetIP"] = $"{svip}:3260",
        ["targetName"] = TargetIqn,
        ["targetPortName"] = $"{TargetIqn},t,0x1",
        ["virtualNetworkID"] = 0,
        ["volumeID"] = volume.Id,
        ["volumeInstance"] = volume.Id,
    };

    private void Check(bool allowed)
    {
        if (lost)
        {
            throw new IOException($"iSCSI session to {TargetIqn} was lost; log in again if the target still exists.");
        }

        if (!allowed)
        {
            throw new IOException($"The volume behind {TargetIqn} has access '{volume.Access}'.");
        }
    }
}
