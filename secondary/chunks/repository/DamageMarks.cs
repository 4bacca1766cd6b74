using SnapshotWorkflows.Secondary.Chunks.Format;

namespace SnapshotWorkflows.Secondary.Chunks.Repository;

/// <summary>
/// Packs that a verification found damaged or missing, each by an object: whoever backs up afterwards stores their leaves anew instead of referring to them. Without the marks one such pack would spoil every
/// later backup that shares a leaf with it. A mark only ever costs space, so it needs no protocol: it stays until a collection takes its pack.
/// </summary>
internal sealed class DamageMarks(ChunkRoom room)
{
    public async Task<HashSet<ObjectName>> ListAsync(CancellationToken cancellation)
    {
        var marks = new HashSet<ObjectName>();
        await foreach (var found in room.Store.ListAsync(room.Names.Damaged, cancellation))
        {
            if (ObjectName.TryParse(found.Name.AsSpan(room.Names.Damaged.Length), out var pack))
                marks.Add(pack);
        }
        return marks;
    }

    /// <summary>Bars the marked packs: nothing new may come to refer to them.</summary>
    public async Task BarAsync(PackTable packs, CancellationToken cancellation)
    {
        foreach (var pack in await ListAsync(cancellation))
            packs.Bar(pack);
    }

    public Task PutAsync(ObjectName pack, string code, string found, CancellationToken cancellation)
    {
        var text = new DamageText { Pack = pack.ToString(), Code = code, Found = found, At = room.Time.GetUtcNow() };
        return room.Store.PutAsync(room.Names.DamageOf(pack), ChunkTexts.Write("damaged", text, ChunkJson.Default.DamageText), cancellation);
    }

    public Task RemoveAsync(ObjectName pack, CancellationToken cancellation) => room.Store.DeleteAsync(room.Names.DamageOf(pack), cancellation);
}
