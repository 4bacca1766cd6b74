namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>
/// Kills the app at calls that it makes, one after another, each drawn from a seed: once the call's effect is done and its answer still on the way, so that it cannot be committed, or with its
/// request dropped before any effect. It is started again on what it left.
/// </summary>
/// <param name="moments">For each kill the calls of which one is drawn.</param>
internal sealed class CallKiller(LabApp app, SimulatorControl control, Screen screen, int seed, params IReadOnlyList<(string System, string Method)>[] moments)
{
    private readonly Random _random = new(seed);
    private readonly ArmedCall _call = new(control);

    /// <summary>Kills so far.</summary>
    public int Kills { get; private set; }

    public bool Done => Kills == moments.Length;

    /// <summary>What is waited for now, in words.</summary>
    public string Next => _call.Moment;

    /// <summary>Draws and arms the first moment. Nothing of what is to be killed may have begun.</summary>
    public async Task ArmAsync(CancellationToken cancellation)
    {
        screen.Line($"{moments.Length} kills to come, moments drawn from --seed {seed}");
        await ArmNextAsync(cancellation);
    }

    /// <summary>Looks whether the moment is there, and kills.</summary>
    public async Task StepAsync(CancellationToken cancellation)
    {
        if (Done || !await _call.IsThereAsync(cancellation)) return;
        await app.Process!.KillAsync();
        Kills++;
        screen.Line($"kill {Kills} of {moments.Length}: SIGKILL at {Next}; it is started again on the same state");
        // Armed while nothing runs: no call can slip by.
        if (!Done) await ArmNextAsync(cancellation);
        await app.StartAsync(cancellation);
    }

    /// <summary>Waits until all kills are done.</summary>
    public Task UntilDoneAsync(CancellationToken cancellation) => Wait.UntilAsync(
        $"Kill {Kills + 1} of {moments.Length} has not come ({Next})",
        async () =>
        {
            await StepAsync(cancellation);
            return Done;
        },
        process: null,
        cancellation);

    private Task ArmNextAsync(CancellationToken cancellation)
    {
        var calls = moments[Kills];
        return _call.ArmAsync(calls[_random.Next(calls.Count)], afterEffect: _random.Next(2) == 1, cancellation);
    }
}
