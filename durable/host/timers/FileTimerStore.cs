using System.Text.Json;

namespace SnapshotWorkflows.Durable.Host.Timers;

/// <summary>States of timers of an app without a task hub, hence of one process: one small file a function, replaced whole. Owners are not kept: a crash ends them.</summary>
internal sealed class FileTimerStore(string folder) : ITimerStore
{
    private readonly Lock _writing = new();
    private readonly Dictionary<string, long> _revisions = new(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="HostStartupException">The file is there, but cannot be read: going on would skip or repeat a run in silence.</exception>
    public Task<KeptTimer?> ReadAsync(string function, CancellationToken cancellation)
    {
        var path = PathOf(function);
        lock (_writing)
        {
            try
            {
                var state = TimerState.Parse(File.ReadAllBytes(path));
                return Task.FromResult<KeptTimer?>(new KeptTimer(RevisionOf(function), state));
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                return Task.FromResult<KeptTimer?>(null);
            }
            catch (JsonException)
            {
                throw new HostStartupException(
                    "timer.malformed", $"{path} does not hold the schedule status of a timer.", "Delete the file; the timer then begins anew and a missed run is not made up for.");
            }
        }
    }

    public Task<KeptTimer?> StoreAsync(string function, long revision, TimerState state, CancellationToken cancellation)
    {
        lock (_writing)
        {
            var path = PathOf(function);
            if (revision != (File.Exists(path) ? RevisionOf(function) : 0))
            {
                return Task.FromResult<KeptTimer?>(null);
            }

            Directory.CreateDirectory(folder);
            var draft = $"{path}.draft";
            using (var file = new FileStream(draft, FileMode.Create, FileAccess.Write))
            {
                file.Write((state with { Owner = null, LeaseUntil = null }).ToJson());
                file.Flush(flushToDisk: true);
            }

            File.Move(draft, path, overwrite: true);
            _revisions[function] = revision + 1;
            return Task.FromResult<KeptTimer?>(new KeptTimer(revision + 1, state));
        }
    }

    private long RevisionOf(string function) => _revisions.GetValueOrDefault(function, 1);

    private string PathOf(string function) => Path.Combine(folder, $"{function.ToLowerInvariant()}.json");
}
