namespace SnapshotWorkflows.Contracts;

/// <summary>Every durable step with its types: first those of SnapshotVolume in the order in which it meets them.</summary>
public static class Steps
{
    public static readonly Step<ResolveVolumeInput, CloudStackVolume> ResolveVolume = new(StepNames.ResolveVolume);
    public static readonly Step<InspectSourceInput, SourceDisk> InspectSource = new(StepNames.InspectSource);
    public static readonly Step<InspectArrayVolumeInput, SourceVolume> InspectArrayVolume = new(StepNames.InspectArrayVolume);
    public static readonly Step<ChooseCopyHostInput, CopyHost> ChooseCopyHost = new(StepNames.ChooseCopyHost);
    public static readonly Step<InspectDestinationInput, DestinationPlan> InspectDestination = new(StepNames.InspectDestination);
    public static readonly Step<FreezeInput, FreezeReceipt> Freeze = new(StepNames.Freeze);
    public static readonly Step<FreezeInput, ThawReceipt> Thaw = new(StepNames.Thaw);
    public static readonly Step<StorageSnapshotInput, StorageSnapshot> CreateStorageSnapshot = new(StepNames.CreateStorageSnapshot);
    public static readonly Step<StorageSnapshotInput, bool> KeepStorageSnapshot = new(StepNames.KeepStorageSnapshot);
    public static readonly Step<StorageSnapshotInput, bool> DeleteStorageSnapshot = new(StepNames.DeleteStorageSnapshot);
    public static readonly Step<StartCloneInput, CloneReceipt> StartClone = new(StepNames.StartClone);
    public static readonly Step<CheckCloneInput, CloneCheck> CheckClone = new(StepNames.CheckClone);
    public static readonly Step<OwnedCloneInput, bool> DeleteClone = new(StepNames.DeleteClone);
    public static readonly Step<AccessInput, AccessReceipt> GrantAccess = new(StepNames.GrantAccess);
    public static readonly Step<OwnedCloneInput, bool> RevokeAccess = new(StepNames.RevokeAccess);
    public static readonly Step<SrInput, bool> ResignSr = new(StepNames.ResignSr);
    public static readonly Step<SrInput, SrReceipt> IntroduceSr = new(StepNames.IntroduceSr);
    public static readonly Step<FindVdiInput, VdiReceipt> FindVdi = new(StepNames.FindVdi);
    public static readonly Step<OwnedSrInput, bool> ForgetSr = new(StepNames.ForgetSr);
    public static readonly Step<DestinationFolder, bool> PrepareFolder = new(StepNames.PrepareFolder);
    public static readonly Step<DestinationFolder, bool> RemoveFolder = new(StepNames.RemoveFolder);
    public static readonly Step<DestinationSrInput, SrReceipt> EnsureDestinationSr = new(StepNames.EnsureDestinationSr);
    public static readonly Step<OwnedSrInput, bool> ForgetDestinationSr = new(StepNames.ForgetDestinationSr);
    public static readonly Step<DestinationVdiInput, VdiReceipt> CreateDestinationVdi = new(StepNames.CreateDestinationVdi);
    public static readonly Step<OwnedVdiInput, bool> DestroyDestinationVdi = new(StepNames.DestroyDestinationVdi);
    public static readonly Step<CopyVdiInput, CopyReceipt> CopyVdi = new(StepNames.CopyVdi);
    public static readonly Step<CopyStreamInput, StreamReceipt> CopyStream = new(StepNames.CopyStream);
    public static readonly Step<StreamTarget, bool> DiscardStream = new(StepNames.DiscardStream);
    public static readonly Step<HashSourceInput, ContentReceipt> HashSource = new(StepNames.HashSource);
    public static readonly Step<VerifyCopyInput, ContentReceipt> VerifyCopy = new(StepNames.VerifyCopy);
    public static readonly Step<PublishManifestInput, ManifestReceipt> PublishManifest = new(StepNames.PublishManifest);
    public static readonly Step<SnapshotRow, bool> ProjectSnapshot = new(StepNames.ProjectSnapshot);

    // Deletion, holds and policies.
    public static readonly Step<FindCopyInput, FoundCopy> FindCopy = new(StepNames.FindCopy);
    public static readonly Step<EntombCopyInput, bool> EntombCopy = new(StepNames.EntombCopy);
    public static readonly Step<StoredCopy, bool> DeleteManifest = new(StepNames.DeleteManifest);
    public static readonly Step<StoredCopy, bool> DeleteData = new(StepNames.DeleteData);
    public static readonly Step<StoredCopy, bool> RemoveTombstone = new(StepNames.RemoveTombstone);
    public static readonly Step<HoldCopyInput, bool> PutHold = new(StepNames.PutHold);
    public static readonly Step<HoldCopyInput, bool> RemoveHold = new(StepNames.RemoveHold);
    public static readonly Step<MarkSnapshotInput, bool> MarkSnapshot = new(StepNames.MarkSnapshot);
    public static readonly Step<AuditEntry, bool> RecordAudit = new(StepNames.RecordAudit);
    public static readonly Step<SelectVolumesInput, SelectedVolumes> SelectVolumes = new(StepNames.SelectVolumes);
    public static readonly Step<JudgeCopiesInput, JudgedCopies> JudgeCopies = new(StepNames.JudgeCopies);
    public static readonly Step<ProveCopiesInput, ProvenCopies> ProveCopies = new(StepNames.ProveCopies);
    public static readonly Step<ExpireSnapshotsInput, bool> StartExpiry = new(StepNames.StartExpiry);

    // Restore.
    public static readonly Step<InspectCopyInput, RestoreSource> InspectCopy = new(StepNames.InspectCopy);
    public static readonly Step<InspectNewVolumeInput, NewVolumePlan> InspectNewVolume = new(StepNames.InspectNewVolume);
    public static readonly Step<FindTargetInput, CloneLun> FindTarget = new(StepNames.FindTarget);
    public static readonly Step<ProveUnpluggedInput, bool> ProveUnplugged = new(StepNames.ProveUnplugged);
    public static readonly Step<CreateVolumeInput, CloneLun> CreateVolume = new(StepNames.CreateVolume);
    public static readonly Step<OwnedVolumeInput, bool> DeleteVolume = new(StepNames.DeleteVolume);
    public static readonly Step<AccessInput, bool> WithdrawAccess = new(StepNames.WithdrawAccess);
    public static readonly Step<SrInput, SrReceipt> CreateSr = new(StepNames.CreateSr);
    public static readonly Step<WriteVdiInput, WriteReceipt> WriteVdi = new(StepNames.WriteVdi);
    public static readonly Step<HandOverInput, bool> HandOverVolume = new(StepNames.HandOverVolume);

    // Groups.
    public static readonly Step<ListVmVolumesInput, VmVolumes> ListVmVolumes = new(StepNames.ListVmVolumes);
    public static readonly Step<GroupSnapshotInput, GroupSnapshotReceipt> CreateGroupSnapshot = new(StepNames.CreateGroupSnapshot);
    public static readonly Step<GroupSnapshotInput, bool> DeleteGroupSnapshot = new(StepNames.DeleteGroupSnapshot);
    public static readonly Step<GroupSnapshotInput, bool> KeepGroupSnapshot = new(StepNames.KeepGroupSnapshot);
    public static readonly Step<GroupSnapshotInput, bool> RenewGroupSnapshot = new(StepNames.RenewGroupSnapshot);
    public static readonly Step<PublishGroupInput, ManifestReceipt> PublishGroup = new(StepNames.PublishGroup);
    public static readonly Step<StoredCopy, bool> ForgetGroup = new(StepNames.ForgetGroup);

    // What CloudStack, or only the array, knows already.
    public static readonly Step<ResolveArrayVolumeInput, CloudStackVolume> ResolveArrayVolume = new(StepNames.ResolveArrayVolume);
    public static readonly Step<ResolveSnapshotInput, bool> ResolveSnapshot = new(StepNames.ResolveSnapshot);
    public static readonly Step<FindAdoptedInput, AdoptedSnapshot> FindAdopted = new(StepNames.FindAdopted);

    // Revert.
    public static readonly Step<FindRevertInput, RevertSource> FindRevert = new(StepNames.FindRevert);
    public static readonly Step<ProveStoppedInput, bool> ProveStopped = new(StepNames.ProveStopped);
    public static readonly Step<CloudRevertInput, string> StartCloudRevert = new(StepNames.StartCloudRevert);
    public static readonly Step<CloudRevertJob, CloudRevertCheck> CheckCloudRevert = new(StepNames.CheckCloudRevert);
    public static readonly Step<InspectRollBackInput, RollBackPlan> InspectRollBack = new(StepNames.InspectRollBack);
    public static readonly Step<RollBackInput, RollBackReceipt> RollBack = new(StepNames.RollBack);
    public static readonly Step<RollBackInput, SettledRollBack> SettleRollBack = new(StepNames.SettleRollBack);
    public static readonly Step<CloudRevertInput, SettledCloudRevert> SettleCloudRevert = new(StepNames.SettleCloudRevert);
    public static readonly Step<CollectChunksInput, ChunkRepositories> FindRepositories = new(StepNames.FindRepositories);
    public static readonly Step<CollectRepositoryInput, CollectedRepository> CollectRepository = new(StepNames.CollectRepository);

    // Upkeep.
    public static readonly Step<NoInput, SweepScopes> ListSweepScopes = new(StepNames.ListSweepScopes);
    public static readonly Step<ArrayScopeInput, MarkedThings> FindMarkedOnArray = new(StepNames.FindMarkedOnArray);
    public static readonly Step<ScopeInput, MarkedThings> FindMarkedInPool = new(StepNames.FindMarkedInPool);
    public static readonly Step<ScopeInput, MarkedThings> FindMarkedOnStore = new(StepNames.FindMarkedOnStore);
    public static readonly Step<NoInput, MarkedThings> FindOpenIntents = new(StepNames.FindOpenIntents);
    public static readonly Step<JudgeLeaksInput, JudgedLeaks> JudgeLeaks = new(StepNames.JudgeLeaks);
    public static readonly Step<DestinationFolder, bool> ProveUnpublished = new(StepNames.ProveUnpublished);
    public static readonly Step<LeakedTask, bool> EndLeakedTask = new(StepNames.EndLeakedTask);
    public static readonly Step<SaveReportInput, bool> SaveReport = new(StepNames.SaveReport);
    public static readonly Step<FindPurgeableInput, PurgeableClones> FindPurgeable = new(StepNames.FindPurgeable);
    public static readonly Step<DeletedClone, bool> PurgeClone = new(StepNames.PurgeClone);
    public static readonly Step<FindCloudSnapshotInput, FoundCloudSnapshot> FindCloudSnapshot = new(StepNames.FindCloudSnapshot);
    public static readonly Step<FindArrayOnlyInput, ArrayOnlySnapshots> FindArrayOnly = new(StepNames.FindArrayOnly);
    public static readonly Step<StartFollowsInput, StartedFollows> StartFollows = new(StepNames.StartFollows);
    public static readonly Step<TagCloudSnapshotInput, bool> TagCloudSnapshot = new(StepNames.TagCloudSnapshot);
    public static readonly Step<ReportSnapshotInput, bool> StartReport = new(StepNames.StartReport);
    public static readonly Step<ReportSnapshotInput, bool> SendCallback = new(StepNames.SendCallback);
    public static readonly Step<ChooseScrubsInput, ChosenScrubs> ChooseScrubs = new(StepNames.ChooseScrubs);
    public static readonly Step<FindCopyInput, ExpectedCopy> FindExpected = new(StepNames.FindExpected);
    public static readonly Step<CopyLedgerInput, LedgerCopy> CopyLedger = new(StepNames.CopyLedger);
    public static readonly Step<LedgerCopy, int> TrimLedgerBackups = new(StepNames.TrimLedgerBackups);
}
