namespace SnapshotWorkflows.Contracts;

/// <summary>How the Admission entity is addressed. There is one.</summary>
public static class AdmissionEntity
{
    public const string Name = "Admission";
    public const string Ask = nameof(Ask);
    public const string Release = nameof(Release);
    public const string Reduce = nameof(Reduce);
    public const string HeldUp = nameof(HeldUp);
    public const string Configure = nameof(Configure);
    public const string Pause = nameof(Pause);
    public const string Resume = nameof(Resume);
    public const string AddWindow = nameof(AddWindow);
    public const string ClearWindows = nameof(ClearWindows);
    public const string Reconsider = nameof(Reconsider);

    public static readonly EntityInstanceId Id = new(Name, "all");
}
