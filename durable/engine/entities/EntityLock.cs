namespace SnapshotWorkflows.Durable.Engine.Entities;

/// <summary>Who holds an entity: the orchestration, and the critical section that it holds it in. Kept as <c>section/owner</c>.</summary>
internal readonly record struct EntityLock(string SectionId, string Owner)
{
    /// <exception cref="InvalidDataException">The text is none of ours.</exception>
    public static EntityLock? Parse(string? text)
    {
        if (text is null)
            return null;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? throw new InvalidDataException($"'{text}' is no holder of an entity: the hub is damaged.") : new EntityLock(text[..slash], text[(slash + 1)..]);
    }

    public override string ToString() => $"{SectionId}/{Owner}";
}
