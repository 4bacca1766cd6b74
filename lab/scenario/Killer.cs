namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>
/// Kills the app three times at moments drawn from a seed, and starts it again on what it left: once an effect is done and its answer
/// still on the way, so that it cannot be committed; in the middle of the copy; and at a call of the clean-up, before or after its effect.
/// </summary>
internal sealed class Killer(int seed, KillPlan plan, LabApp app, SimulatorControl control, Screen screen)
{
    private readonly Random _random = new(seed);
    private readonly ArmedCall _call = new(control);
    private int _share;

    /// <summary>Kills so far.</summary>
    public int Kills { get; private set; }

    public bool Done => Kills == 3;

    /// <summary>What is waited for now, in words.</summary>
    public string Next { get; private set; } = "";

    /// <summary>Draws all three moments and arms the first.</summary>
    public async Task ArmAsync(CancellationToken cancellation)
    {
        screen.Line($"three kills to come, moments drawn from --seed {seed}");
        _share = _random.Next(10, 91);
        await ArmCallAsync(plan.Effects[_random.Next(plan.Effects.Count)], afterEffect: true, cancellation);
    }

    /// <summary>Looks whether the moment is there, and kills.</summary>
    public Task StepAsync(SnapshotProgress? progress, CancellationToken cancellation) => Kills switch
    {
        0 or 2 => AtCallAsync(cancellation),
        1 => InTheMiddleAsync(progress, cancellation),
        _ => Task.CompletedTask,
    };

    private async Task AtCallAsync(CancellationToken cancellation)
    {
        if (!await _call.IsThereAsync(cancellation)) return;
        await app.Process!.KillAsync();
        Count();
        // Armed while nothing runs: no call can slip by.
        if (Kills == 1) await ArmMiddleAsync(cancellation);
        await app.StartAsync(cancellation);
    }

    /// <summary>
    /// A copy through the app may be over before anyone has seen its progress, and where little has to be sent all of it was read before
    /// the first of it has gone: one of its reads is held up.
    /// </summary>
    private async Task ArmMiddleAsync(CancellationToken cancellation)
    {
        Next = $"the copy at {_share} %";
        // One read before all others tells whether the disk can be read.
        if (plan.Reads > 0) await _call.ArmAsync(("xenserver", "nbd_read"), afterEffect: true, cancellation, occurrence: 1 + Math.Max(1, plan.Reads * _share / 100));
    }

    private async Task InTheMiddleAsync(SnapshotProgress? progress, CancellationToken cancellation)
    {
        if (plan.Reads > 0)
        {
            if (!await _call.IsThereAsync(cancellation)) return;
        }
        else
        {
            if (await ShareAsync(progress, cancellation) is not { } share || share < _share) return;
            Next = $"the copy at {share:0} % (drawn: {_share} %)";
        }

        var cleanUp = plan.CleanUps[_random.Next(plan.CleanUps.Count)];
        var afterEffect = _random.Next(2) == 1;
        await app.Process!.KillAsync();
        Count();
        await ArmCallAsync(cleanUp, afterEffect, cancellation);
        await app.StartAsync(cancellation);
    }

    /// <summary>Per cent copied: by the host's own task where the simulators show it, else as the product says.</summary>
    private async Task<double?> ShareAsync(SnapshotProgress? progress, CancellationToken cancellation)
    {
        var inventory = await control.InventoryAsync(cancellation);
        var task = inventory.Pools.SelectMany(pool => pool.Tasks)
            .FirstOrDefault(task => task.Status == "pending" && task.Progress > 0 && task.Name.Contains("copy", StringComparison.OrdinalIgnoreCase));
        if (task is not null) return task.Progress * 100;
        return progress is { Step: "CopyVdi" or "CopyStream" or "WriteVdi", Bytes: { } bytes, Total: > 0 and var total } ? bytes * 100.0 / total : null;
    }

    private async Task ArmCallAsync((string System, string Method) target, bool afterEffect, CancellationToken cancellation)
    {
        await _call.ArmAsync(target, afterEffect, cancellation);
        Next = _call.Moment;
    }

    private void Count()
    {
        Kills++;
        screen.Line($"kill {Kills} of 3: SIGKILL at {Next}; it is started again on the same state");
    }
}
