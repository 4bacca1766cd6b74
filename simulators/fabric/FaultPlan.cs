namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>
/// The faults of a world, by system, pool, method and occurrence, and the count of calls whose effect was executed.
/// Thread-safe. A test ends with <see cref="AllFired"/>: a planned fault that never showed proves nothing.
/// </summary>
public sealed class FaultPlan
{
    private readonly Lock gate = new();
    private readonly List<Entry> entries = [];
    private readonly SortedDictionary<string, int> calls = new(StringComparer.Ordinal);
    private int lastId;
    private readonly List<(string Key, int Times, TaskCompletionSource Came)> awaited = [];
    private WeatherDraw? weather;

    /// <summary>Plans a fault; its occurrences are counted from now on.</summary>
    public int Add(FaultSpecification specification)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(specification.Occurrence, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(specification.Times, 1);
        lock (gate)
        {
            entries.Add(new Entry(++lastId, specification));
            return lastId;
        }
    }

    /// <summary>Starts a sentence like <c>faults.On("solidfire", "CloneVolume", 2).DropAnswer()</c>.</summary>
    public FaultSentence On(string system, string method, int occurrence = 1, string? pool = null, int times = 1) =>
        new(this, new FaultSpecification
        {
            System = system,
            Method = method,
            Occurrence = occurrence,
            Pool = pool,
            Times = times,
            Action = FaultAction.DropRequest,
        });

    /// <summary>
    /// A system calls this once for every request it received, before any effect. The fault that hits this call, or null; the system says
    /// when it <see cref="FaultSpecification.Shows"/>. Of several that would hit, the one planned first does.
    /// </summary>
    public FaultSpecification? Take(string system, string? pool, string method)
    {
        lock (gate)
        {
            FaultSpecification? hit = null;
            foreach (var entry in entries)
            {
                var planned = entry.Specification;
                if (planned.System != system || planned.Method != method || (planned.Pool is not null && planned.Pool != pool))
                {
                    continue;
                }

                entry.Seen++;
                if (hit is null && entry.Seen >= planned.Occurrence && (long)entry.Seen < (long)planned.Occurrence + planned.Times)
                {
                    var shown = false;
                    hit = planned with
                    {
                        Effect = () =>
                        {
                            lock (gate)
                            {
                                // A stream shows it piece by piece; the call was hit once.
                                entry.FiredTimes += shown ? 0 : 1;
                                shown = true;
                            }
                        },
                    };
                }
            }

            return hit ?? weather?.Take(system, pool, method);
        }
    }

    /// <summary>From now on this weather hits calls that no planned fault does; null: none.</summary>
    /// <exception cref="ArgumentException">The share is none.</exception>
    public void SetWeather(FaultWeather? wanted)
    {
        if (wanted is { Share: not (> 0 and <= 1) }) throw new ArgumentException("share is over 0 to 1.");
        lock (gate)
        {
            weather = wanted is null ? null : new WeatherDraw(wanted);
        }
    }

    /// <summary>What the weather has done since it was set; null without one.</summary>
    public WeatherReport? Weather
    {
        get
        {
            lock (gate)
            {
                return weather?.Report();
            }
        }
    }

    /// <summary>Notes that a call's effect was executed.</summary>
    public void CountCall(string system, string method)
    {
        lock (gate)
        {
            var key = $"{system}.{method}";
            calls[key] = calls.GetValueOrDefault(key) + 1;
            awaited.RemoveAll(one => one.Key == key && one.Times <= calls[key] && one.Came.TrySetResult());
        }
    }

    /// <summary>Completes once so many calls of a method were executed, counted from the world's beginning. To be asked for before the act that makes the call.</summary>
    public Task CalledAsync(string system, string method, int times)
    {
        lock (gate)
        {
            var key = $"{system}.{method}";
            if (calls.GetValueOrDefault(key) >= times) return Task.CompletedTask;
            var came = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            awaited.Add((key, times, came));
            return came.Task;
        }
    }

    /// <summary>Executed calls by <c>system.Method</c>.</summary>
    public IReadOnlyDictionary<string, int> Calls
    {
        get
        {
            lock (gate)
            {
                return new SortedDictionary<string, int>(calls, StringComparer.Ordinal);
            }
        }
    }

    /// <summary>Executed calls of one method.</summary>
    public int CallsOf(string system, string method)
    {
        lock (gate)
        {
            return calls.GetValueOrDefault($"{system}.{method}");
        }
    }

    /// <summary>Every planned fault with its counters.</summary>
    public IReadOnlyList<PlannedFault> List()
    {
        lock (gate)
        {
            return entries.ConvertAll(entry => new PlannedFault(entry.Id, entry.Specification, entry.Seen, entry.FiredTimes));
        }
    }

    /// <summary>Whether every planned fault has shown as often as planned.</summary>
    public bool AllFired()
    {
        lock (gate)
        {
            return entries.TrueForAll(entry => new PlannedFault(entry.Id, entry.Specification, entry.Seen, entry.FiredTimes).Fired);
        }
    }

    /// <summary>Forgets all planned faults; the call counts stay.</summary>
    public void Clear()
    {
        lock (gate)
        {
            entries.Clear();
        }
    }

    private sealed class Entry(int id, FaultSpecification specification)
    {
        public int Id { get; } = id;

        public FaultSpecification Specification { get; } = specification;

        public int Seen { get; set; }

        public int FiredTimes { get; set; }
    }
}
