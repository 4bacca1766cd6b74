using System.Data.Common;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>
/// Stores CloudStack's events within a bound. The catalog's writers take turns, and a prune, a rebuild or a full disk may hold an event up for longer than CloudStack's webhook is to wait: then that is said in time. What
/// was said to be late may still be stored, and is started by the catch-up then: an id that comes again is stored once.
/// </summary>
public sealed partial class EventIntake(EventLedger events, TimeProvider time, ILogger<EventIntake> logger)
{
    /// <summary>Of the second that an answer may take; the hub has the rest.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan s_notePatience = TimeSpan.FromMilliseconds(200);

    /// <summary>Calls into the catalog at once: however many events come while it stands still, no more threads wait for it.</summary>
    private const int AtOnce = 8;

    /// <summary>Nothing that could be disposed of: a call that the catalog holds up gives its place back when it comes back, however late that is.</summary>
    private readonly Channel<int> _places = Places();

    /// <returns>Whether it is a new one; null when that it is stored is not known in time.</returns>
    public async Task<bool?> AcceptAsync(CloudEvent occurred, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(occurred);
        using var patience = new CancellationTokenSource(s_patience, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        Task<bool>? storing = null;
        try
        {
            var place = await _places.Reader.ReadAsync(linked.Token);
            storing = Apart(() => Store(occurred, place));
            return await storing.WaitAsync(linked.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            if (storing is not null) _ = TellAsync(storing, occurred.Id);
            return null;
        }
    }

    /// <summary>Notes that its workflow is started.</summary>
    /// <exception cref="TimeoutException">Not in time; then the catch-up finds that it is.</exception>
    public Task StartedAsync(string id) => Apart(() =>
    {
        events.Started(id);
        return true;
    }).WaitAsync(s_notePatience, time);

    private static Channel<int> Places()
    {
        var places = Channel.CreateUnbounded<int>();
        for (var place = 0; place < AtOnce; place++) places.Writer.TryWrite(place);
        return places;
    }

    /// <summary>On a thread of its own: those of the pool answer requests.</summary>
    private static Task<bool> Apart(Func<bool> call) => Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    private bool Store(CloudEvent occurred, int place)
    {
        try
        {
            return events.Accept(occurred);
        }
        finally
        {
            _places.Writer.TryWrite(place);
        }
    }

    /// <summary>Nobody waits for it any more.</summary>
    private async Task TellAsync(Task<bool> storing, string id)
    {
        try
        {
            await storing;
            StoredLate(logger, id);
        }
        catch (Exception failure) when (failure is CatalogException or DbException)
        {
            NotStored(logger, failure, id);
        }
    }

    [LoggerMessage(EventId = 4303, Level = LogLevel.Warning, Message = "Event {EventId} was stored after CloudStack had been told that the catalog is busy; it is started within the minute")]
    private static partial void StoredLate(ILogger logger, string eventId);

    [LoggerMessage(EventId = 4304, Level = LogLevel.Error, Message = "Event {EventId} was not stored; CloudStack was told so, and what it told is found by the next look at CloudStack's snapshots")]
    private static partial void NotStored(ILogger logger, Exception failure, string eventId);
}
