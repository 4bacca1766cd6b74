using System.ComponentModel.DataAnnotations;

namespace SnapshotWorkflows.Activities;

/// <summary>Who we are among the users of an array: part of every marker, so that two installations never touch one another's things.</summary>
public sealed class InstallationOptions
{
    /// <summary>Letters, digits and dashes, up to 40; never changed once used.</summary>
    [Required(ErrorMessage = "SnapshotWorkflows:Installation is missing: 1 to 40 letters, digits or dashes.")]
    [RegularExpression("^[A-Za-z0-9-]{1,40}$", ErrorMessage = "SnapshotWorkflows:Installation must be 1 to 40 letters, digits or dashes.")]
    public string Installation { get; set; } = "";

    /// <summary>Installations whose copies are ours too: what this one was called before, or one that it took over. Of nobody else's copies a row is made, and none is deleted.</summary>
    public IList<string> TakesOver { get; } = [];
}
