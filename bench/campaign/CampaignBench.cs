using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using SnapshotWorkflows.Lab;
using SnapshotWorkflows.Lab.Processes;
using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Bench.Campaign;

/// <summary>
/// Many volumes under one policy while the app is killed every few seconds and a share of all appliance calls is hit by a fault. At the end the
/// simulators and the store are asked: every volume backed up and verified in full, nothing left. One campaign a seed, on the same volumes.
/// </summary>
internal static class CampaignBench
{
    private const int Guests = 20;
    private const string Policy = "campaign";
    private const string CallTimeout = "00:00:02";
    private const string RetryDelay = "00:00:00.100";
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(string[] arguments)
    {
        CampaignOptions options;
        try
        {
            options = CampaignOptions.Parse(arguments);
        }
        catch (Exception wrong) when (wrong is ArgumentException or FormatException)
        {
            await Console.Error.WriteLineAsync(wrong.Message);
            return 2;
        }

        var free = new DriveInfo(Directory.CreateDirectory(options.Folder).FullName).AvailableFreeSpace;
        if (free < options.DiskNeeded)
        {
            await Console.Error.WriteLineAsync($"{options.Folder} has {free >> 20} MiB free and {options.DiskNeeded >> 20} MiB are needed: choose another --folder, --format chunks, or less --volumes or --data.");
            return 2;
        }

        var folder = RunFolder.Create(options.Folder);
        try
        {
            return await RunAsync(options, folder) ? 0 : 1;
        }
        catch (LabException failure)
        {
            await Console.Error.WriteLineAsync($"FAILED: {failure.Message}");
            foreach (var look in failure.Look) await Console.Error.WriteLineAsync($"  {look}");
            return 1;
        }
        finally
        {
            await folder.DisposeAsync();
            if (!options.Keep) Directory.Delete(folder.Path, recursive: true);
        }
    }

    private static async Task<bool> RunAsync(CampaignOptions options, RunFolder folder)
    {
        await using var reaper = new Reaper(folder.File("children"));
        // Fast enough that the array's and hosts' own work is not what is waited for.
        await using var simulators = await LabSimulators.StartAsync(folder, "8", 400L << 20, reaper, default, forget: true);
        var began = Stopwatch.StartNew();
        // Compiled ahead it spends less of a life of ten seconds on compiling.
        var program = options.App is { } published ? Path.Combine(published, "SnapshotWorkflows.App.dll") : Checkout.App;
        Say(new { program });
        var volumes = await MakeVolumesAsync(options, simulators.Control);
        Say(new { volumes = volumes.Count, diskBytes = options.DiskBytes, dataBytes = options.DataBytes, seconds = Seconds(began) });
        var written = await StartGuestsAsync(volumes, simulators.Control);
        var good = true;
        foreach (var (round, seed) in options.Seeds.Index())
        {
            if (round > 0)
            {
                EmptyStore(simulators.Endpoints.Nfs.Path);
                // Seeds stand for days that lie apart. Three of them within eight hours would hold 1,500 deleted clones, and an account of the array has room for 2,000 volumes.
                await simulators.Control.PurgeDeletedAsync(default);
            }

            good &= await new Campaign(options, folder, program, simulators, reaper, volumes, written).RunAsync(seed);
        }

        return good;
    }

    private static async Task<IReadOnlyList<WorldVolume>> MakeVolumesAsync(CampaignOptions options, SimulatorControl control)
    {
        var volumes = new List<WorldVolume>();
        for (var number = 0; number < options.Volumes; number++) volumes.Add(await control.MakeGeneratedVolumeAsync($"data-{number}", number, options.DiskBytes, options.DataBytes, default));
        return volumes;
    }

    /// <returns>CloudStack's ids of the volumes that a guest writes to.</returns>
    private static async Task<IReadOnlySet<string>> StartGuestsAsync(IReadOnlyList<WorldVolume> volumes, SimulatorControl control)
    {
        var written = volumes.Where((_, i) => i % Math.Max(1, volumes.Count / Guests) == 0).Take(Math.Min(Guests, (volumes.Count + 1) / 2)).ToList();
        foreach (var (i, volume) in written.Index()) await control.StartGuestBesideAsync(volume.VmUuid, i, bytesPerWrite: 4096, writesPerSecond: 10, default);
        return written.Select(volume => volume.CloudStackVolumeId).ToHashSet(StringComparer.Ordinal);
    }

    private static void EmptyStore(string path)
    {
        foreach (var entry in Directory.EnumerateFileSystemEntries(path))
        {
            if (Directory.Exists(entry)) Directory.Delete(entry, recursive: true);
            else File.Delete(entry);
        }
    }

    internal static void Say(object figures) => Console.WriteLine(JsonSerializer.Serialize(figures));

    internal static double Seconds(Stopwatch watch) => Math.Round(watch.Elapsed.TotalSeconds, 1);

    /// <summary>One seed: an app of its own, on a store that is empty.</summary>
    private sealed class Campaign(
        CampaignOptions options, RunFolder folder, string program, LabSimulators simulators, Reaper reaper, IReadOnlyList<WorldVolume> volumes, IReadOnlySet<string> written)
    {
        private readonly SimulatorControl _control = simulators.Control;

        public async Task<bool> RunAsync(int seed)
        {
            var name = $"app-{seed}";
            await using var app = await LabApp.StartAsync(folder, name, simulators.Endpoints, new Dictionary<string, string>(), Changes(), reaper, default, program);
            var before = await _control.InventoryAsync(default);
            var earlier = await _control.GuestAsync(default);
            var began = Stopwatch.StartNew();
            var simulated = ProcessorTime.Of(simulators.Process.Id);
            var own = ProcessorTime.Of(Environment.ProcessId);
            await PutPolicyAsync(app);
            if (options.Faults > 0) await _control.SetWeatherAsync(CampaignWeather.Of(options.Faults, seed), default);

            using var stop = new CancellationTokenSource();
            var kills = new CampaignKills(app, options.KillEvery);
            var killing = kills.RunAsync(stop.Token);
            var listed = await FollowAsync(app, killing, began);
            await stop.CancelAsync();
            await killing;
            var weather = await _control.WeatherAsync(default);
            await _control.EndWeatherAsync(default);
            var took = Seconds(began);
            var processor = new
            {
                app = Math.Round(kills.Processor, 1),
                simulators = Math.Round(ProcessorTime.Of(simulators.Process.Id) - simulated, 1),
                bench = Math.Round(ProcessorTime.Of(Environment.ProcessId) - own, 1),
            };
            var calls = (await _control.InventoryAsync(default)).Calls
                .Select(call => (Name: call.Key, A: Math.Round((call.Value - before.Calls.GetValueOrDefault(call.Key)) / (double)volumes.Count, 2)))
                .Where(call => call.A >= 0.5).OrderByDescending(call => call.A).ToDictionary(call => call.Name, call => call.A);
            Say(new { seed, processorSeconds = processor, callsAVolume = calls });

            var judge = new CampaignJudge(options, simulators.Endpoints.Nfs.Path, _control);
            IReadOnlyList<string> wrong = [];
            // What has ended has cleaned up; a moment is left for sessions of the hosts to end.
            for (var patience = Stopwatch.StartNew(); ; await Task.Delay(s_look))
            {
                listed = await ListAsync(app) ?? listed;
                wrong = await judge.FindAsync(volumes, written, listed, before, folder.Path, default);
                if (wrong.Count == 0 || patience.Elapsed > TimeSpan.FromMinutes(1)) break;
            }

            Tell(seed, took, kills, weather, Since(earlier, await _control.GuestAsync(default)), listed, wrong);
            return wrong.Count == 0;
        }

        private Dictionary<string, string> Changes()
        {
            var slots = options.AtOnce.ToString(CultureInfo.InvariantCulture);
            var changes = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["Admission:ArrayClones"] = slots,
                ["Admission:HostCopies"] = slots,
                ["Admission:StoreWriters"] = slots,
                ["Admission:AccountJobs"] = slots,
                // Deadlines that fit between two kills, so that a stall is met by the deadline and not by the next kill, and reads that are tried again as soon as suits appliances of one's own machine.
                ["SolidFire:CallTimeout"] = CallTimeout,
                ["SolidFire:RetryDelay"] = RetryDelay,
                ["CloudStack:CallTimeout"] = CallTimeout,
                ["CloudStack:RetryDelay"] = RetryDelay,
                ["Quiesce:Hook:CallTimeout"] = CallTimeout,
            };
            for (var pool = 0; pool < simulators.Endpoints.Xenserver.Count; pool++)
            {
                changes[$"XenServer:Pools:{pool}:CallTimeout"] = CallTimeout;
                changes[$"XenServer:Pools:{pool}:RetryDelay"] = RetryDelay;
                changes[$"XenServer:Pools:{pool}:StorageCallTimeout"] = "00:00:03";
                changes[$"XenServer:Pools:{pool}:StreamIdleTimeout"] = "00:00:02";
            }

            return changes;
        }

        /// <summary>It comes once, at the next minute that is not about to begin, and then in a day.</summary>
        private async Task PutPolicyAsync(LabApp app)
        {
            var at = DateTimeOffset.UtcNow.AddSeconds(70);
            var body = new
            {
                schedule = string.Create(CultureInfo.InvariantCulture, $"{at.Minute} {at.Hour} * * *"),
                volumes = new { ids = volumes.Select(volume => volume.CloudStackVolumeId).ToArray() },
                keep = new { last = 3 },
                quiesce = options.Quiesce,
                format = options.Format,
            };
            var answer = await app.Api.SendAsync(HttpMethod.Put, $"/api/policies/{Policy}", body, null, default);
            if (answer.Status != 200) throw new LabException($"PUT /api/policies/{Policy} answered {answer.Status}: {answer.Body}");
        }

        private async Task<IReadOnlyList<JsonElement>> FollowAsync(LabApp app, Task killing, Stopwatch began)
        {
            IReadOnlyList<JsonElement> listed = [];
            var said = "";
            while (true)
            {
                await Task.Delay(s_look);
                if (killing.IsFaulted) await killing;
                if (await ListAsync(app) is { } now) listed = now;
                var ended = listed.Count(Ended);
                var states = string.Join(", ", listed.GroupBy(row => row.GetProperty("state").GetString()).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => $"{group.Key} {group.Count()}"));
                if (states != said) await Console.Error.WriteLineAsync($"{began.Elapsed.TotalSeconds,7:0} s  {said = states}; {ended} ended");
                if (listed.Count == volumes.Count && ended == volumes.Count) return listed;
                if (began.Elapsed <= options.Patience) continue;
                await Console.Error.WriteLineAsync($"not all have ended after {options.Patience.TotalMinutes:0} minutes");
                return listed;
            }
        }

        private static bool Ended(JsonElement row) => row.GetProperty("ended").GetBoolean();

        /// <summary>Null while the app is dead, or answers with an error.</summary>
        private static async Task<IReadOnlyList<JsonElement>?> ListAsync(LabApp app)
        {
            try
            {
                var rows = new List<JsonElement>();
                string? token = null;
                do
                {
                    var answer = await app.Api.GetAsync($"/api/snapshots?policy={Policy}&top=200", token, default);
                    if (answer.Status != 200) return null;
                    rows.AddRange(answer.Body.GetProperty("items").EnumerateArray());
                    token = answer.Continuation;
                }
                while (token is not null);
                return rows;
            }
            catch (Exception dead) when (dead is HttpRequestException or IOException or OperationCanceledException)
            {
                return null;
            }
        }

        /// <summary>The guests write from the first seed to the last.</summary>
        private static GuestReport Since(GuestReport earlier, GuestReport now)
        {
            var stalls = now.Stalls.ToList();
            foreach (var stall in earlier.Stalls) stalls.Remove(stall);
            return now with { Writes = now.Writes - earlier.Writes, Freezes = now.Freezes - earlier.Freezes, FreezesExpired = now.FreezesExpired - earlier.FreezesExpired, Stalls = stalls };
        }

        private void Tell(int seed, double took, CampaignKills kills, WeatherReport weather, GuestReport guests, IReadOnlyList<JsonElement> listed, IReadOnlyList<string> wrong)
        {
            var hits = weather.Hits.Values.Sum();
            Say(new
            {
                seed,
                seconds = took,
                backedUp = listed.Count(row => row.GetProperty("state").GetString() == "BackedUp"),
                consistency = listed.GroupBy(row => row.TryGetProperty("consistency", out var kind) ? kind.GetString() ?? "" : "").ToDictionary(group => group.Key, group => group.Count()),
                kills = kills.Kills,
                startSeconds = Math.Round(kills.Starts.DefaultIfEmpty(0).Average(), 1),
                calls = weather.Calls,
                faults = hits,
                share = weather.Calls == 0 ? 0 : Math.Round((double)hits / weather.Calls, 4),
                kinds = weather.Hits,
                wrong = wrong.Count,
            });
            // A freeze that the agent had to end, for the app was dead or its calls were hit, lasts the time to live: such a stall is that, less the time until the guest's next write.
            Say(new { seed, guests = written.Count, writes = guests.Writes, freezes = guests.Freezes, freezesEndedByTimeToLive = guests.FreezesExpired, stalls = StallDistribution.Of(guests.Stalls) });
            foreach (var line in wrong.Take(50)) Console.WriteLine($"    {line}");
        }
    }
}
