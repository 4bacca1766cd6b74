using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire;

/// <summary>The cluster's state. Everything in it is touched under <see cref="Gate"/> only; the bytes have their own locks.</summary>
internal sealed class Cluster(SolidFireOptions options, TimeProvider clock, SparseVolumeStore store)
{
    private const int EventsKept = 1000;

    // Separate counters, deliberately apart, as on live clusters: a caller that mixes two kinds of id meets nothing.
    private long lastVolume;
    private long lastSnapshot = 1000;
    private long lastGroupSnapshot = 300;
    private long lastAccount;
    private long lastAccessGroup;
    private long lastInitiator = 10;
    private long lastHandle = 52;
    private long lastClone = 146;
    private long lastSession = 4_000_000;
    private long lastEvent;
    private long lastContentStamp;

    public Lock Gate { get; } = new();

    public SolidFireOptions Options => options;

    public SparseVolumeStore Store => store;

    public DateTimeOffset Now => clock.GetUtcNow();

    public SortedDictionary<long, Account> Accounts { get; } = [];

    public SortedDictionary<long, Volume> Volumes { get; } = [];

    public SortedDictionary<long, Snapshot> Snapshots { get; } = [];

    public SortedDictionary<long, GroupSnapshot> GroupSnapshots { get; } = [];

    public SortedDictionary<long, AccessGroup> AccessGroups { get; } = [];

    public SortedDictionary<string, Initiator> Initiators { get; } = new(StringComparer.OrdinalIgnoreCase);

    public SortedDictionary<long, CloneJob> Jobs { get; } = [];

    public List<LunSession> Sessions { get; } = [];

    public Queue<JsonObject> Events { get; } = [];

    public long NextVolume() => ++lastVolume;

    public long NextSnapshot() => ++lastSnapshot;

    public long NextGroupSnapshot() => ++lastGroupSnapshot;

    public long NextAccount() => ++lastAccount;

    public long NextAccessGroup() => ++lastAccessGroup;

    public long NextInitiator() => ++lastInitiator;

    public long NextHandle() => ++lastHandle;

    public long NextClone() => ++lastClone;

    public long NextContentStamp() => Interlocked.Increment(ref lastContentStamp);

    /// <summary>A volume that calls may name: any but those being cloned into, unless asked for, and the purged ones.</summary>
    public Volume Volume(long id, bool orInit = false) =>
        Volumes.TryGetValue(id, out var volume) && (orInit || volume.Status != VolumeStatus.Init) ? volume : throw ApiError.VolumeUnknown(id);

    public Volume ActiveVolume(long id) => Volume(id) is { Status: VolumeStatus.Active } volume ? volume : throw ApiError.VolumeUnknown(id);

    public Account Account(long id) => Accounts.TryGetValue(id, out var account) ? account : throw ApiError.AccountUnknown(id);

    public Snapshot Snapshot(long id) => Snapshots.TryGetValue(id, out var snapshot) ? snapshot : throw ApiError.SnapshotUnknown(id);

    public IEnumerable<Snapshot> SnapshotsOf(Volume volume) => Snapshots.Values.Where(snapshot => snapshot.Volume == volume);

    public IEnumerable<long> AccessGroupsOf(Volume volume) =>
        AccessGroups.Values.Where(group => group.Volumes.Contains(volume.Id)).Select(group => group.Id);

    public JsonObject Describe(Volume volume) => volume.ToJson(AccessGroupsOf(volume));

    /// <summary>Provisioned space: every volume that is not purged, at its full size.</summary>
    public long ProvisionedSpace => Volumes.Values.Sum(volume => volume.Device.Length);

    public void RemoveSnapshot(Snapshot snapshot)
    {
        foreach (var job in Jobs.Values.Where(job => job.Running && job.Snapshot == snapshot).ToList())
        {
            Fail(job, ApiError.SnapshotUnknown(snapshot.Id));
        }

        Snapshots.Remove(snapshot.Id);
        snapshot.Device.Dispose();
        if (snapshot.Group is { } group)
        {
            group.Members.Remove(snapshot);
            if (group.Members.Count == 0)
            {
                GroupSnapshots.Remove(group.Id);
            }
        }
    }

    public void Delete(Volume volume)
    {
        volume.Status = VolumeStatus.Deleted;
        volume.DeleteTime = Now;
        volume.PurgeTime = Now + options.PurgeAfter;
        EndSessions(session => session.Volume == volume);
        foreach (var group in AccessGroups.Values)
        {
            if (group.Volumes.Remove(volume.Id))
            {
                group.DeletedVolumes.Add(volume.Id);
            }
        }

        foreach (var job in Jobs.Values.Where(job => job.Running && job.Source == volume).ToList())
        {
            Fail(job, job.Snapshot is { } snapshot ? ApiError.SnapshotUnknown(snapshot.Id) : ApiError.VolumeUnknown(volume.Id));
        }
    }

    public void Purge(Volume volume)
    {
        foreach (var snapshot in SnapshotsOf(volume).ToList())
        {
            RemoveSnapshot(snapshot);
        }

        foreach (var group in AccessGroups.Values)
        {
            group.Volumes.Remove(volume.Id);
            group.DeletedVolumes.Remove(volume.Id);
        }

        Volumes.Remove(volume.Id);
        volume.Device.Dispose();
    }

    /// <summary>Ends a clone without a result; the half-made volume disappears with it.</summary>
    public void Fail(CloneJob job, ApiError error)
    {
        job.Complete(Now, error);
        Purge(job.Target);
    }

    /// <summary>Brings retention, purges, clones and handles up to the clock's present.</summary>
    public void Step()
    {
        lock (Gate)
        {
            var now = Now;
            foreach (var job in Jobs.Values.Where(job => job.Running && job.Due <= now).ToList())
            {
                job.Target.Status = VolumeStatus.Active;
                job.Complete(job.Due, null);
            }

            foreach (var snapshot in Snapshots.Values.Where(snapshot => snapshot.ExpirationTime <= now).ToList())
            {
                RemoveSnapshot(snapshot);
            }

            foreach (var volume in Volumes.Values.Where(volume => volume.PurgeTime <= now).ToList())
            {
                Purge(volume);
            }

            foreach (var job in Jobs.Values.Where(job => job.CompletedAt + options.HandleLifetime <= now).ToList())
            {
                Jobs.Remove(job.Handle);
            }
        }
    }

    /// <summary>Targets that the initiator's access group lets it see.</summary>
    public IReadOnlyList<string> Discover(string initiator)
    {
        lock (Gate)
        {
            return [.. AccessibleTo(initiator).Select(volume => volume.Iqn)];
        }
    }

    public LunSession? Login(string initiator, string target)
    {
        lock (Gate)
        {
            var volume = AccessibleTo(initiator).FirstOrDefault(candidate => candidate.Iqn == target && candidate.AllowsReading);
            if (volume is null)
            {
                return null;
            }

            var session = new LunSession(this, ++lastSession, volume, initiator);
            Sessions.Add(session);
            return session;
        }
    }

    public void Logout(LunSession session)
    {
        lock (Gate)
        {
            Sessions.Remove(session);
        }
    }

    public void EndSessions(Predicate<LunSession> which)
    {
        foreach (var session in Sessions.FindAll(which))
        {
            session.End();
            Sessions.Remove(session);
        }
    }

    /// <summary>Ends the sessions of initiators that may no longer see the volume.</summary>
    public void EndSessionsWithoutAccess() => EndSessions(session => !AccessibleTo(session.Initiator).Contains(session.Volume));

    public void Record(string method, JsonObject result)
    {
        Events.Enqueue(new JsonObject
        {
            ["details"] = new JsonObject { ["method"] = method, ["result"] = string.Join(',', result.Select(member => member.Key)) },
            ["driveID"] = 0,
            ["driveIDs"] = new JsonArray(),
            ["eventID"] = ++lastEvent,
            ["eventInfoType"] = "apiEvent",
            ["message"] = $"API Call ({method})",
            ["nodeID"] = 1,
            ["serviceID"] = 0,
            ["severity"] = 0,
            ["timeOfPublish"] = Json.PreciseTime(Now),
            ["timeOfReport"] = Json.PreciseTime(Now),
        });
        if (Events.Count > EventsKept)
        {
            Events.Dequeue();
        }
    }

    private IEnumerable<Volume> AccessibleTo(string initiator) => AccessGroups.Values
        .Where(group => group.HasInitiator(initiator))
        .SelectMany(group => group.Volumes)
        .Distinct()
        .Select(id => Volumes[id])
        .Where(volume => volume.Status == VolumeStatus.Active);
}
