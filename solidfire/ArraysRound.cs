namespace SnapshotWorkflows.SolidFire;

/// <summary>Who answered when the arrays were asked who they are.</summary>
/// <param name="Arrays">Those that answered, in the order of the settings.</param>
/// <param name="Away">Why the others did not.</param>
/// <param name="Whole">Whether all were asked.</param>
public sealed record ArraysRound(IReadOnlyList<SolidFireArray> Arrays, IReadOnlyList<SolidFireException> Away, bool Whole)
{
    /// <summary>Before anything is said not to be there: an array that is away may have it.</summary>
    /// <exception cref="SolidFireException">An array did not answer; what may pass comes before what a person must mend.</exception>
    public void RequireAll()
    {
        if (Away.Count > 0) throw Away.FirstOrDefault(fault => fault.Kind == SolidFireErrorKind.Transient) ?? Away[0];
    }
}
