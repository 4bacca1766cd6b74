using SnapshotWorkflows.Contracts;

namespace SnapshotWorkflows.Catalog;

/// <summary>One job per volume, across restarts.</summary>
public sealed class VolumeSlots(CatalogDatabase database, TimeProvider time)
{
    /// <summary>Takes the slot, or tells who has it. Taking one's own slot again is granted.</summary>
    public SlotGrant Take(VolumeSlot slot) => database.Write("slot", (connection, transaction) =>
    {
        using var take = connection.CreateCommand();
        take.Transaction = transaction;
        take.CommandText = "INSERT INTO volume_slots VALUES ($volume, $key, $now) ON CONFLICT DO NOTHING; SELECT request_key FROM volume_slots WHERE volume_id=$volume";
        take.Parameters.AddWithValue("$volume", slot.VolumeId);
        take.Parameters.AddWithValue("$key", slot.Key.Value);
        take.Parameters.AddWithValue("$now", time.GetUtcNow().ToString("O"));
        var holder = (string)take.ExecuteScalar()!;
        return holder == slot.Key.Value ? new SlotGrant(Granted: true, HeldBy: null) : new SlotGrant(Granted: false, new RequestKey(holder).Uuid);
    });

    /// <summary>Gives the slot back; giving back what one does not hold does nothing.</summary>
    public void Release(VolumeSlot slot) => database.Write("slot back", (connection, transaction) =>
    {
        using var release = connection.CreateCommand();
        release.Transaction = transaction;
        release.CommandText = "DELETE FROM volume_slots WHERE volume_id=$volume AND request_key=$key";
        release.Parameters.AddWithValue("$volume", slot.VolumeId);
        release.Parameters.AddWithValue("$key", slot.Key.Value);
        return release.ExecuteNonQuery();
    });
}
