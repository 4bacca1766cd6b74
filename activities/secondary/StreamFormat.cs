using SnapshotWorkflows.Activities.HostSteps;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.DiskRoots;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>What a format does for a streamed copy: write, prove, take away. Every call can be repeated.</summary>
public abstract class StreamFormat
{
    /// <summary><see cref="DataFormats"/>.</summary>
    public abstract string Name { get; }

    /// <summary>Writes the clone's disk, going on with what an earlier attempt had stored, whichever way that one read it.</summary>
    public abstract Task<StreamedCopy> CopyAsync(SecondaryDestination destination, CopyStreamInput input, CloneSource source, IProgress<DiskProgress> progress, CancellationToken cancellation);

    /// <summary>Reads everything back from the store: structure and content.</summary>
    /// <returns>The verdict; null as receipt where the copy is not what was expected.</returns>
    public abstract Task<StreamVerdict> VerifyAsync(SecondaryDestination destination, VerifyCopyInput input, IProgress<DiskProgress> progress, CancellationToken cancellation);

    /// <summary>Takes away what is stored of the copy, finished or not; nothing there is success.</summary>
    public abstract Task DiscardAsync(SecondaryDestination destination, StreamTarget target, CancellationToken cancellation);

    protected static ContentReceipt Receipt(DiskDigest digest, long storedBytes) => new(digest.Root.ToString(), digest.DiskBytes, digest.NonZeroBytes, storedBytes);
}

/// <param name="Content">Root and sizes as read from the source.</param>
public sealed record StreamedCopy(ContentReceipt Content, long SentBytes, long KeptBytes)
{
    /// <summary>Where the data lies, where the format chose that itself; null = where it was asked for.</summary>
    public string? Location { get; init; }
}

/// <param name="Content">Set when the copy is what was expected.</param>
/// <param name="Damaged">Its structure is broken; otherwise its content is another one.</param>
/// <param name="Summary">One sentence for a person.</param>
public sealed record StreamVerdict(ContentReceipt? Content, bool Damaged, string Summary);

/// <summary>The formats there are, by name.</summary>
public sealed class StreamFormats(IEnumerable<StreamFormat> formats)
{
    private readonly Dictionary<string, StreamFormat> _formats = formats.ToDictionary(format => format.Name, StringComparer.Ordinal);

    public StreamFormat Get(string name) => _formats.TryGetValue(name, out var format)
        ? format
        : throw new StepFaultException(new StepFault("copy.format", FaultKind.Rejected, $"The format '{name}' is not known here.", $"Use one of: {string.Join(", ", _formats.Keys)}."));
}
