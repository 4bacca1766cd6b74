using System.Text.Json;
using System.Text.Json.Serialization;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host.Timers;

/// <summary>What the host remembers of each timer over a restart: one small file a function, replaced whole.</summary>
internal sealed class TimerMonitor(string folder)
{
    /// <summary>The status kept last; null when the timer is new here.</summary>
    /// <exception cref="HostStartupException">The file is there, but cannot be read: going on would skip or repeat a run in silence.</exception>
    public ScheduleStatus? Find(string function)
    {
        var path = PathOf(function);
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), TimerMonitorJson.Default.ScheduleStatus);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException)
        {
            throw new HostStartupException("timer.malformed", $"{path} does not hold the schedule status of a timer.", "Delete the file; the timer then begins anew and a missed run is not made up for.");
        }
    }

    public void Keep(string function, ScheduleStatus status)
    {
        Directory.CreateDirectory(folder);
        var path = PathOf(function);
        var draft = $"{path}.draft";
        using (var file = new FileStream(draft, FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(file, status, TimerMonitorJson.Default.ScheduleStatus);
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: true);
    }

    private string PathOf(string function) => Path.Combine(folder, $"{function.ToLowerInvariant()}.json");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ScheduleStatus))]
internal sealed partial class TimerMonitorJson : JsonSerializerContext;
