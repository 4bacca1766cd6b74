using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire;

internal sealed partial class Cluster
{
    private long lastSession = 4_000_000;
    private long stamps;

    public List<LunSession> Sessions { get; } = [];

    public long NextContentStamp() => Interlocked.Increment(ref stamps);

    /// <summary>Where the stamps stand, so that a later process gives none twice.</summary>
    public long ContentStamps
    {
        get => Interlocked.Read(ref stamps);
        set => Interlocked.Exchange(ref stamps, value);
    }

    /// <summary>Targets that the initiator may see: those of its access groups, or those of the account it proved to be.</summary>
    public IReadOnlyList<string> Discover(string initiator, string? account)
    {
        lock (Gate)
        {
            return [.. Accessible(initiator, account).Select(volume => volume.Iqn)];
        }
    }

    /// <summary>The secrets of an account that may log in with CHAP.</summary>
    public ChapCredentials? FindChap(string username)
    {
        lock (Gate)
        {
            return Accounts.Values.FirstOrDefault(account => account.Username == username && account is { EnableChap: true, Status: "active" }) is { } account
                ? new ChapCredentials(account.Username, account.InitiatorSecret, account.TargetSecret)
                : null;
        }
    }

    public LunSession? Login(InitiatorLogin login)
    {
        lock (Gate)
        {
            var volume = Accessible(login.InitiatorName, login.ChapUsername).FirstOrDefault(candidate => candidate.Iqn == login.TargetName && candidate.AllowsReading);
            if (volume is null)
            {
                return null;
            }

            var session = new LunSession(this, ++lastSession, volume, login);
            Sessions.Add(session);
            volume.LastAccessTime = Now;
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
    public void EndSessionsWithoutAccess() => EndSessions(session => !Accessible(session.Initiator, session.ChapUsername).Contains(session.Volume));

    private IEnumerable<Volume> Accessible(string initiator, string? account) => AccessGroups.Values
        .Where(group => group.HasInitiator(initiator))
        .SelectMany(group => group.Volumes)
        .Select(id => Volumes[id])
        .Concat(account is null ? [] : Volumes.Values.Where(volume => Accounts[volume.AccountId].Username == account))
        .Distinct()
        .Where(volume => volume.Status == VolumeStatus.Active);
}
