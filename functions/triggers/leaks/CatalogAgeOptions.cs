using System.ComponentModel.DataAnnotations;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>Settings <c>Catalog:Keep</c>: how long rows are kept that nothing asks for any more. Days.</summary>
public sealed class CatalogAgeOptions
{
    public const string Section = "Catalog:Keep";

    /// <summary>Idempotency keys. Longer than host.json's retention keeps instances.</summary>
    [Range(31, 36500, ErrorMessage = "Catalog:Keep:RequestDays must be 31 to 36500.")]
    public int RequestDays { get; set; } = 400;

    /// <summary>Intents that are proven gone.</summary>
    [Range(7, 36500, ErrorMessage = "Catalog:Keep:IntentDays must be 7 to 36500.")]
    public int IntentDays { get; set; } = 90;

    /// <summary>Rows of snapshots that came to nothing.</summary>
    [Range(7, 36500, ErrorMessage = "Catalog:Keep:FailedDays must be 7 to 36500.")]
    public int FailedDays { get; set; } = 90;

    /// <summary>Rows of deleted snapshots.</summary>
    [Range(31, 36500, ErrorMessage = "Catalog:Keep:DestroyedDays must be 31 to 36500.")]
    public int DestroyedDays { get; set; } = 400;

    /// <summary>The audit trail, and usage records of what is deleted.</summary>
    [Range(31, 36500, ErrorMessage = "Catalog:Keep:AuditDays must be 31 to 36500.")]
    public int AuditDays { get; set; } = 1100;

    public CatalogAges ToAges() => new(
        TimeSpan.FromDays(RequestDays), TimeSpan.FromDays(IntentDays), TimeSpan.FromDays(FailedDays), TimeSpan.FromDays(DestroyedDays), TimeSpan.FromDays(AuditDays));
}
