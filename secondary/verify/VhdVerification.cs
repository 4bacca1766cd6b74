using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Vhd;

namespace SnapshotWorkflows.Secondary.Verify;

/// <summary>What a copy is held against.</summary>
public sealed record VerificationRequest
{
    /// <summary>Relative name of the VHD.</summary>
    public required string Location { get; init; }

    /// <summary>The root that it must have; null = only to be computed.</summary>
    public DiskRoot? ExpectedRoot { get; init; }

    /// <summary>The size that the disk must have; null = any.</summary>
    public long? ExpectedDiskBytes { get; init; }

    /// <summary>The length that the VHD must have; null = any.</summary>
    public long? ExpectedDataBytes { get; init; }

    /// <summary>Another object of the store, by which a copy that cannot be read is told from a store that cannot be reached; null = that is not told, and is an error.</summary>
    public string? Witness { get; init; }

    /// <summary>The source's digest from this process, where there is one: lets a mismatch name the first extent.</summary>
    public DiskDigest? Source { get; init; }

    public DiskHashOptions Hashing { get; init; } = DiskHashOptions.Default;
}

public enum VerificationVerdict
{
    /// <summary>Structure sound and content equal to what was expected.</summary>
    Match,

    /// <summary>Structure sound; there was nothing to compare the content with.</summary>
    NotCompared,

    /// <summary>Structure sound, content or size other than expected.</summary>
    Mismatch,

    /// <summary>Structure broken, or part of it cannot be read; the content counts for nothing then.</summary>
    Damaged,
}

/// <summary>The outcome of a verification.</summary>
public sealed record VerificationResult
{
    public required VerificationVerdict Verdict { get; init; }

    /// <summary>Of the structure check; warnings too.</summary>
    public required IReadOnlyList<VhdFinding> Findings { get; init; }

    /// <summary>Length of the VHD.</summary>
    public required long DataBytes { get; init; }

    public required long DiskBytes { get; init; }

    /// <summary>Bytes of the disk that the VHD has blocks for.</summary>
    public required long AllocatedBytes { get; init; }

    /// <summary>Root, plain hash and comparable nodes; null where damaged.</summary>
    public DiskDigest? Digest { get; init; }

    /// <summary>Where the copy first differs, 2 MiB exact; null where equal or where no source digest was given.</summary>
    public DiskExtent? FirstDifference { get; init; }

    /// <summary>One sentence for a person.</summary>
    public required string Summary { get; init; }
}

/// <summary>Structure and content of a VHD on a store, read from the store again and not from memory as far as the store can do that.</summary>
public sealed class VhdVerification(TimeProvider time)
{
    /// <exception cref="SecondaryStoreException">The object is missing, or the store cannot be read. A damaged or other content is a verdict, no exception.</exception>
    public async Task<VerificationResult> VerifyAsync(ISecondaryStore store, VerificationRequest request, IProgress<DiskProgress>? progress, CancellationToken cancellation)
    {
        var (length, check) = (0L, default(VhdCheckResult));
        try
        {
            await using var source = request.Witness is { } witness
                ? await new SecondLook(store, witness).OpenAsync(request.Location, ReadPurpose.Verification, cancellation)
                : await store.OpenAsync(request.Location, ReadPurpose.Verification, cancellation);
            length = source.Length;
            check = await VhdCheck.RunAsync(source, time.GetUtcNow(), cancellation);
            // A time in the future is told and no more: it is the array's clock held against this machine's, and says nothing of the data.
            if (check.Findings.FirstOrDefault(f => f is { Severity: VhdSeverity.Error, Rule: not VhdRule.Timestamp }) is { } broken)
                return Damaged(length, check, broken.Message);
            var disk = await VhdReader.OpenAsync(source, cancellation);
            // What we write has every bit set; what others write need not.
            disk.DemandFullBitmaps = disk.Footer.CreatorApplication == VhdWriteOptions.OwnCreator;
            var digest = await DiskHasher.ComputeAsync(disk, request.Hashing, progress, cancellation);
            return Judge(length, check, disk, digest, request);
        }
        catch (VhdException e)
        {
            // Cut short between the check and the reading.
            return Damaged(length, check, e.Message);
        }
        catch (SecondaryStoreException e) when (e.Code == StoreCodes.Unreadable)
        {
            return Damaged(length, check, e.Message);
        }
    }

    private static VerificationResult Judge(long dataBytes, VhdCheckResult check, VhdReader disk, DiskDigest digest, VerificationRequest request)
    {
        var expected = request.ExpectedRoot ?? request.Source?.Root;
        var first = request.Source?.FirstDifference(digest);
        var (verdict, summary) =
            request.ExpectedDataBytes is { } length && length != dataBytes
                ? (VerificationVerdict.Mismatch, $"The VHD has {dataBytes} bytes, {length} were expected.")
            : request.ExpectedDiskBytes is { } bytes && bytes != disk.DiskBytes
                ? (VerificationVerdict.Mismatch, $"The disk has {disk.DiskBytes} bytes, {bytes} were expected.")
            : expected is null
                ? (VerificationVerdict.NotCompared, "The structure is sound; the content was hashed and not compared.")
            : expected != digest.Root || first is not null
                ? (VerificationVerdict.Mismatch, Differs(first, digest, expected))
            : (VerificationVerdict.Match, "Structure sound, content equal to the source's.");
        return new VerificationResult
        {
            Verdict = verdict,
            Findings = check.Findings,
            DataBytes = dataBytes,
            DiskBytes = disk.DiskBytes,
            AllocatedBytes = disk.AllocatedBytes,
            Digest = digest,
            FirstDifference = first,
            Summary = summary,
        };
    }

    private static string Differs(DiskExtent? first, DiskDigest digest, DiskRoot? expected) => first is { } extent
        ? $"The content differs, first within the {extent.Length} bytes at offset {extent.Offset} of the disk."
        : $"The disk's root is {digest.Root}, {expected} was expected.";

    private static VerificationResult Damaged(long dataBytes, VhdCheckResult? check, string why) => new()
    {
        Verdict = VerificationVerdict.Damaged,
        Findings = check?.Findings ?? [],
        DataBytes = dataBytes,
        DiskBytes = check?.DiskBytes ?? 0,
        AllocatedBytes = 0,
        Summary = $"The VHD is damaged: {why}",
    };
}
