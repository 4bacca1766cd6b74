using System.ComponentModel.DataAnnotations;

namespace SnapshotWorkflows.Activities;

/// <summary>Who we are among the users of an array: part of every marker, so that two installations never touch one another's things.</summary>
public sealed class InstallationOptions
{
    internal const string NamePattern = "^[A-Za-z0-9-]{1,40}$";

    /// <summary>Letters, digits and dashes, up to 40; never changed once used.</summary>
    [Required(ErrorMessage = "SnapshotWorkflows:Installation is missing: 1 to 40 letters, digits or dashes.")]
    [RegularExpression(NamePattern, ErrorMessage = "SnapshotWorkflows:Installation must be 1 to 40 letters, digits or dashes.")]
    public string Installation { get; set; } = "";

    /// <summary>Installations whose copies are ours too: what this one was called before, or one that it took over. Of nobody else's copies a row is made, and none is deleted.</summary>
    [InstallationNames(ErrorMessage = "SnapshotWorkflows:TakesOver takes names of installations: 1 to 40 letters, digits or dashes each.")]
    public IList<string> TakesOver { get; } = [];
}

/// <summary>Each is a name that an installation can have; a slip would leave copies foreign in silence.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class InstallationNamesAttribute : ValidationAttribute
{
    private static readonly RegularExpressionAttribute s_name = new(InstallationOptions.NamePattern);

    public override bool IsValid(object? value) => value is not IEnumerable<string> names || names.All(name => name is { Length: > 0 } && s_name.IsValid(name));
}
