using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Engine.Dispatch;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.Engine;

/// <content>Hubs that several processes share: the ear for the others.</content>
public sealed partial class DurableEngine
{
    private static readonly TimeSpan s_lookAtLease = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _deaf = new();
    private Task _listening = Task.CompletedTask;

    /// <summary>Whether an instance may be moved on by another process, which wakes nobody here.</summary>
    internal bool IsShared => _shared is not null;

    private async Task ListenAsync(ISharedTaskHub shared)
    {
        while (!_deaf.IsCancellationRequested)
        {
            try
            {
                var news = await shared.NextNewsAsync(_deaf.Token);
                if (news.Rejoined || news.Held is not null || news.Wakes.Count + news.Messages.Count + news.Activities.Count + news.Unreadable.Count + news.Suspects.Count > 0)
                    _inputs.Write(new NewsArrived(news));
            }
            catch (OperationCanceledException) when (_deaf.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // Without an ear the node would keep its instances and never hear of their messages.
                NewsFailed(_logger, exception, _options.HubRetryDelay);
                await Task.Delay(_options.HubRetryDelay, _time, CancellationToken.None);
            }
        }
    }

    /// <summary>Where the hub is out of reach, nobody tells that the lease is over. Real time, as the lease.</summary>
    private async Task HeedLeaseAsync(ISharedTaskHub shared)
    {
        var told = false;
        while (!_deaf.IsCancellationRequested)
        {
            var left = shared.LeaseLeft;
            if (left <= TimeSpan.Zero && !told)
                _inputs.Write(LeaseOver.Instance);
            told = left <= TimeSpan.Zero;
            await Task.Delay(told || left > s_lookAtLease ? s_lookAtLease : left, TimeProvider.System, _deaf.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(EventId = 1111, Level = LogLevel.Error, Message = "The task hub told nothing of the other nodes; it is asked again in {Delay}")]
    private static partial void NewsFailed(ILogger logger, Exception exception, TimeSpan delay);

    private sealed class RegisteredTasks(DurableTaskRegistry registry, HotInstances hot) : INodeTasks
    {
        public bool HasOrchestrator(string name, string? version) => hot.CanRun(name, version);

        public bool HasActivity(string name, string? version) => registry.FindActivity(name, version) is not null;

        public bool HasEntity(string name) => registry.FindEntity(name) is not null;
    }
}
