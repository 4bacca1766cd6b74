namespace SnapshotWorkflows.Secondary;

/// <summary>
/// Large objects, part by part, over as many lives of the process as it takes: what one life staged, the next one finds. The object itself appears only when it is committed,
/// whole and put-if-absent, as any other object.
/// </summary>
public interface IStagedObjects
{
    /// <summary>Opens what is staged under a name, or begins.</summary>
    /// <param name="name">Name of the object to be.</param>
    /// <param name="session">1 to 32 of a-z 0-9: names the content. Who stages other bytes under the same name takes another session, and neither sees the other's parts.</param>
    /// <param name="cancellation">Of the opening.</param>
    Task<IStagedObject> OpenStagedAsync(string name, string session, CancellationToken cancellation);

    /// <summary>Removes everything that any session has staged under the name. Never removes a finished object. Nothing there is success.</summary>
    Task DiscardStagedAsync(string name, CancellationToken cancellation);
}

/// <summary>A part of an object: where it goes, and what it is.</summary>
/// <param name="Index">From 0, in the order of the object; below <see cref="StagedParts.CountMax"/>.</param>
/// <param name="Offset">Where it begins in the object.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Identity">64 lower-case hex digits that stand for the content: two parts of one identity and length have the same bytes.</param>
public sealed record StagedPart(int Index, long Offset, int Length, string Identity);

/// <summary>Limits that every store keeps to.</summary>
public static class StagedParts
{
    /// <summary>Blocks of a block blob (learn.microsoft.com, "Scalability and performance targets for Blob storage").</summary>
    public const int CountMax = 50_000;

    internal const int IdentityDigits = 64;

    internal static void DemandLength(StagedPart part, IReadOnlyList<ReadOnlyMemory<byte>> content)
    {
        var length = content.Sum(piece => (long)piece.Length);
        if (length != part.Length)
            throw new ArgumentException($"Part {part.Index} has {length} bytes, {part.Length} were said.", nameof(content));
    }

    internal static void Validate(string session)
    {
        if (session.Length is 0 or > 32 || session.Any(c => c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9'))))
            throw new ArgumentException($"'{session}' is no session: 1 to 32 of a-z 0-9.", nameof(session));
    }

    /// <exception cref="ArgumentException">The parts leave a gap, overlap or are too many.</exception>
    internal static long DemandWhole(IReadOnlyList<StagedPart> parts)
    {
        long end = 0;
        for (var i = 0; i < parts.Count; i++)
        {
            if (parts[i].Index != i || parts[i].Offset != end || parts[i].Length <= 0)
                throw new ArgumentException($"Part {i} does not follow the one before it.", nameof(parts));
            end += parts[i].Length;
        }
        return parts.Count is > 0 and <= CountMax ? end : throw new ArgumentException($"{parts.Count} parts: 1 to {CountMax} make an object.", nameof(parts));
    }
}

/// <summary>Ways to write parts.</summary>
public static class StagedWriting
{
    /// <inheritdoc cref="IStagedObject.WriteAsync"/>
    public static Task WriteAsync(this IStagedObject staged, StagedPart part, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        staged.WriteAsync(part, [content], cancellation);
}

/// <summary>An object in the making. Parts may be written by several callers at once.</summary>
public interface IStagedObject : IAsyncDisposable
{
    /// <summary>Whether the store holds this very part, from this life or an earlier one: then it need not be sent.</summary>
    bool Holds(StagedPart part);

    /// <summary>Stages a part. Again the same part is success. A death soon after may lose the last 32 MiB of parts; nothing older.</summary>
    /// <param name="content">The part's bytes, in as many pieces as they lie in; left alone once the task has ended.</param>
    Task WriteAsync(StagedPart part, IReadOnlyList<ReadOnlyMemory<byte>> content, CancellationToken cancellation);

    /// <summary>Makes the object of the parts, durably, if none of that name exists.</summary>
    /// <remarks>Where an earlier life of the same writer had done so already, the outcome may be either.</remarks>
    /// <param name="parts">All of them, in order, without a gap.</param>
    /// <param name="cancellation">Of the wait; the object may appear all the same.</param>
    /// <exception cref="SecondaryStoreException"><c>store.staged-lost</c>: a part is no longer there; open again and write what is missing.</exception>
    Task<PutOutcome> CommitAsync(IReadOnlyList<StagedPart> parts, CancellationToken cancellation);
}
