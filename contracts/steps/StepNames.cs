namespace SnapshotWorkflows.Contracts;

/// <summary>Names of the activities. They stand in stored histories: never renamed.</summary>
public static class StepNames
{
    public const string ResolveVolume = nameof(ResolveVolume);
    public const string InspectSource = nameof(InspectSource);
    public const string InspectArrayVolume = nameof(InspectArrayVolume);
    public const string ChooseCopyHost = nameof(ChooseCopyHost);
    public const string InspectDestination = nameof(InspectDestination);
    public const string Freeze = nameof(Freeze);
    public const string Thaw = nameof(Thaw);
    public const string CreateStorageSnapshot = nameof(CreateStorageSnapshot);
    public const string KeepStorageSnapshot = nameof(KeepStorageSnapshot);
    public const string DeleteStorageSnapshot = nameof(DeleteStorageSnapshot);
    public const string StartClone = nameof(StartClone);
    public const string CheckClone = nameof(CheckClone);
    public const string DeleteClone = nameof(DeleteClone);
    public const string GrantAccess = nameof(GrantAccess);
    public const string RevokeAccess = nameof(RevokeAccess);
    public const string ResignSr = nameof(ResignSr);
    public const string IntroduceSr = nameof(IntroduceSr);
    public const string FindVdi = nameof(FindVdi);
    public const string ForgetSr = nameof(ForgetSr);
    public const string PrepareFolder = nameof(PrepareFolder);
    public const string RemoveFolder = nameof(RemoveFolder);
    public const string EnsureDestinationSr = nameof(EnsureDestinationSr);
    public const string ForgetDestinationSr = nameof(ForgetDestinationSr);
    public const string CreateDestinationVdi = nameof(CreateDestinationVdi);
    public const string DestroyDestinationVdi = nameof(DestroyDestinationVdi);
    public const string CopyVdi = nameof(CopyVdi);
    public const string CopyStream = nameof(CopyStream);
    public const string DiscardStream = nameof(DiscardStream);
    public const string HashSource = nameof(HashSource);
    public const string VerifyCopy = nameof(VerifyCopy);
    public const string PublishManifest = nameof(PublishManifest);
    public const string ProjectSnapshot = nameof(ProjectSnapshot);
    public const string FindCopy = nameof(FindCopy);
    public const string EntombCopy = nameof(EntombCopy);
    public const string DeleteManifest = nameof(DeleteManifest);
    public const string DeleteData = nameof(DeleteData);
    public const string RemoveTombstone = nameof(RemoveTombstone);
    public const string PutHold = nameof(PutHold);
    public const string RemoveHold = nameof(RemoveHold);
    public const string MarkSnapshot = nameof(MarkSnapshot);
    public const string RecordAudit = nameof(RecordAudit);
    public const string SelectVolumes = nameof(SelectVolumes);
    public const string JudgeCopies = nameof(JudgeCopies);
    public const string ProveCopies = nameof(ProveCopies);
}
