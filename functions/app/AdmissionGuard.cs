using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Entities;
using SnapshotWorkflows.Durable.Host;

namespace SnapshotWorkflows.App;

/// <summary>
/// The queue is changed by its own routes and by the workflows that stand in it. Forgotten, or made to give back what somebody holds, it would let two jobs at one volume, and a copy be deleted while it is restored.
/// </summary>
internal sealed class AdmissionGuard : IEntityGuard
{
    public EntityRefusal? Decide(EntityInstanceId entity) => entity == AdmissionEntity.Id
        ? new EntityRefusal(
            "entity.guarded", "The queue holds the slots of what is under way, the pause and the times of maintenance; it is neither purged nor signalled from outside.",
            "POST /api/admission/pause, POST /api/admission/resume, POST and DELETE /api/admission/windows; POST /admin/functions/SweepAdmission takes back the slots of what has ended.")
        : null;
}
