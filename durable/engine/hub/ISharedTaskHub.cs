namespace SnapshotWorkflows.Durable.Engine.Hub;

/// <summary>
/// A hub that many processes share. Each process is a node: it owns the live instances that it runs, and nobody else commits turns of them. Loading an instance
/// that nobody owns takes it; one that another node owns loads as null. Messages to instances of other nodes are left out of <see cref="WriteResult.Delivered"/>:
/// their owner hears of them by <see cref="NextNewsAsync"/>.
/// </summary>
public interface ISharedTaskHub : ITaskHub
{
    /// <summary>Says what this process can run; it takes nothing else. Called before <see cref="ITaskHub.OpenAsync"/>; without it the node takes everything.</summary>
    void Serve(INodeTasks tasks);

    /// <summary>
    /// How long, as far as this node knows by itself, the others leave it what is its own; nothing or less when it could not reach the hub for so long that they may have taken it over.
    /// </summary>
    TimeSpan LeaseLeft { get; }

    /// <summary>
    /// Returns when another node has sent something, or after the poll's interval; in passing it renews the node's lease, takes over from nodes that are gone and
    /// claims what nobody owns. One caller at a time, again and again.
    /// </summary>
    ValueTask<HubNews> NextNewsAsync(CancellationToken cancellation);

    /// <summary>Gives everything back, so that other nodes take it at once. The next commit or news joins again.</summary>
    ValueTask LeaveAsync(CancellationToken cancellation);
}

/// <summary>What a process has registered.</summary>
public interface INodeTasks
{
    bool HasOrchestrator(string name, string? version);

    bool HasActivity(string name, string? version);

    bool HasEntity(string name);
}

/// <summary>What a node learns from the others.</summary>
public sealed record HubNews
{
    /// <summary>The others have taken this node for dead: whatever it had in memory belongs to somebody else, and it is a new node now.</summary>
    public bool Rejoined { get; init; }

    /// <summary>Instances that this node owns from now on, and when their earliest message is due.</summary>
    public IReadOnlyList<(string InstanceId, DateTimeOffset Due)> Wakes { get; init; } = [];

    /// <summary>From other nodes, for instances of this one.</summary>
    public IReadOnlyList<InboxMessage> Messages { get; init; } = [];

    /// <summary>Instances of this node with messages that it cannot read: they are loaded again, with their damage.</summary>
    public IReadOnlyList<string> Unreadable { get; init; } = [];

    /// <summary>
    /// After trouble in which the hub may have done what nobody was told of: every instance of this node that has something to do, and when. What is in memory of them may lack it; they
    /// are read again.
    /// </summary>
    public IReadOnlyList<(string InstanceId, DateTimeOffset Due)> Doubtful { get; init; } = [];

    /// <summary>After such trouble: calls among <see cref="Held"/> may have nobody who runs them.</summary>
    public bool IsDoubtful { get; init; }

    /// <summary>Of the instances that this node owns from now on, the ones that have outlived more owners than chance has it (see <see cref="PendingWork.Suspects"/>).</summary>
    public IReadOnlyList<string> Suspects { get; init; } = [];

    /// <summary>Calls that nobody runs and this node could, and how many attempts at them have begun.</summary>
    public IReadOnlyList<(ActivityKey Key, string Name, int Attempts)> Activities { get; init; } = [];

    /// <summary>How many other nodes live; null when it was not looked at.</summary>
    public int? Peers { get; init; }

    /// <summary>Every call that this node holds, as of the moment the question was put; null when it was not put.</summary>
    public IReadOnlyList<HeldActivity>? Held { get; init; }

    /// <summary>That moment, a timestamp of <see cref="TimeProvider.System"/>: calls that have begun since may not be among <see cref="Held"/>.</summary>
    public long AskedAt { get; init; }
}

/// <summary>A call as the hub's row has it.</summary>
public sealed record HeldActivity(ActivityKey Key, string Name, int Attempt, bool CancelRequested);
