using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.GuestSteps;

/// <summary>
/// Lets paused machines go on when their time is over, whatever has become of the service: a process of its own, which needs the settings of the pools, its folder, and nothing else. What it has once read it guards from
/// memory: a folder that fails, hangs or is emptied keeps no machine paused.
/// </summary>
/// <param name="ways">Ways to the same pools that share no connection and no session: tries take them in turn, so what hangs on one holds up no other.</param>
public sealed partial class PauseWatchdog(PauseArms arms, IEnumerable<IXenServerPools> ways, Marker marker, TimeProvider time, ILogger<PauseWatchdog> logger)
{
    private static readonly TimeSpan s_beat = TimeSpan.FromMilliseconds(200);

    private readonly IXenServerPools[] _ways = [.. ways];
    private readonly PauseRescue _rescue = new(marker);
    private readonly Lock _gate = new();
    private readonly Dictionary<PauseArm, GuardedPause> _guarded = [];
    private IReadOnlyList<UnreadableArm> _unreadable = [];
    private IReadOnlyList<PauseArm> _strangers = [];
    private string? _folderFault;

    /// <summary>Watches until told to stop; arms that are due then are still served by the next watchdog.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(EachBeatAsync(() => _ = LetGo(stop), stop), EachBeatAsync(KeepFolder, stop));

    /// <summary>Begins to let those go on whose time is over. It touches no disk, and waits for nobody.</summary>
    /// <returns>The tries that begin now.</returns>
    internal Task LetGo(CancellationToken stop)
    {
        List<GuardedPause> guarded;
        lock (_gate) guarded = [.. _guarded.Values];
        var tries = new List<Task>();
        foreach (var pause in guarded)
        {
            if (pause.Begin() is { } number) tries.Add(TryAsync(pause, number, stop));
        }

        return Task.WhenAll(tries);
    }

    /// <summary>Takes away the arms that are done with, reads those that have come, and says last of all what is guarded. What fails of it stops no rescue, and is told once.</summary>
    internal void KeepFolder()
    {
        string? fault = null;
        foreach (var pause in Guarded().Where(pause => pause.IsEnded)) Attempt(() => arms.Disarm(pause.Arm));

        // A list that cannot be read is no ground to say that new arms would be guarded: without a beat nothing is paused.
        if (Attempt(Read)) Attempt(() => arms.Beat(Guarded().Where(pause => !pause.IsEnded).Select(pause => pause.Arm)));
        if (fault is not null && fault != _folderFault) FolderFailed(logger, fault);
        _folderFault = fault;

        bool Attempt(Action what)
        {
            try
            {
                what();
                return true;
            }
#pragma warning disable CA1031 // Whatever it is: it is told, and the watchdog must outlive it.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                fault ??= failure.Message;
                return false;
            }
        }
    }

    /// <summary>An arm whose file is gone is looked after until its time is over all the same: a folder that was emptied by others is no word of the service's.</summary>
    private void Read()
    {
        var (armed, unreadable) = arms.Find();

        // Told once, and not at every look. What cannot be guarded is in no beat.
        foreach (var broken in unreadable.Except(_unreadable)) Unreadable(logger, broken.File, broken.Why);
        _unreadable = unreadable;
        var strangers = armed.Where(arm => !_ways[0].Names.Contains(arm.Pool)).ToList();
        foreach (var arm in strangers.Except(_strangers)) UnknownPool(logger, arm.VmUuid, arm.Pool, arm.Marker);
        _strangers = strangers;
        lock (_gate)
        {
            foreach (var arm in armed.Except(strangers).Where(arm => !_guarded.ContainsKey(arm))) _guarded.Add(arm, new GuardedPause(arm, time));
            foreach (var pause in _guarded.Values.ToList())
            {
                pause.IsArmed = armed.Contains(pause.Arm);
                if (!pause.IsArmed && pause.IsEnded) _guarded.Remove(pause.Arm);
            }
        }
    }

    private List<GuardedPause> Guarded()
    {
        lock (_gate) return [.. _guarded.Values];
    }

    private async Task EachBeatAsync(Action look, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(s_beat, time);
        do look();
        while (await WaitAsync(timer, stop));
    }

    private static async Task<bool> WaitAsync(PeriodicTimer timer, CancellationToken stop)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stop);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task TryAsync(GuardedPause pause, int number, CancellationToken stop)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(stop, pause.Ended);
        var arm = pause.Arm;
        try
        {
            var outcome = await _rescue.TryAsync(_ways[number % _ways.Length].Get(arm.Pool), pause, linked.Token);
            if (outcome == RescueOutcome.Later)
            {
                pause.WaitForIt();
                return;
            }

            if (outcome == RescueOutcome.LetGo) Rescued(logger, arm.VmUuid, arm.Pool, arm.Marker);
            pause.End();
        }
        catch (OperationCanceledException) when (linked.IsCancellationRequested)
        {
            // Told to stop, or another try has done it.
        }
#pragma warning disable CA1031 // Whatever it is: it is told, and tried again.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            if (pause.IsToBeTold(failure.Message)) RescueFailed(logger, arm.VmUuid, arm.Pool, failure.Message);
        }
        finally
        {
            pause.Leave();
        }
    }

    [LoggerMessage(EventId = 3201, Level = LogLevel.Warning, Message = "Machine {Vm} of pool {Pool} was still paused at the end of its time, and goes on ({Marker})")]
    private static partial void Rescued(ILogger logger, string vm, string pool, string marker);

    [LoggerMessage(EventId = 3202, Level = LogLevel.Error, Message = "Machine {Vm} of pool {Pool} may be paused beyond its time and could not be reached, trying again: {Reason}")]
    private static partial void RescueFailed(ILogger logger, string vm, string pool, string reason);

    [LoggerMessage(EventId = 3203, Level = LogLevel.Error, Message = "The watchdog's folder cannot be used, so nothing new is guarded, or paused; what was guarded still is: {Reason}")]
    private static partial void FolderFailed(ILogger logger, string reason);

    [LoggerMessage(EventId = 3204, Level = LogLevel.Error, Message = "{File} in the watchdog's folder cannot be read and is left there: the machine that it stands for is not guarded, all others are. {Reason}")]
    private static partial void Unreadable(ILogger logger, string file, string reason);

    [LoggerMessage(EventId = 3205, Level = LogLevel.Error, Message = "Machine {Vm} is not guarded: the settings of this watchdog name no pool {Pool} ({Marker})")]
    private static partial void UnknownPool(ILogger logger, string vm, string pool, string marker);
}
