using System.Text.Json;
using Microsoft.Extensions.Options;

namespace SnapshotWorkflows.Activities.GuestSteps;

/// <summary>
/// The folder where service and watchdog meet: one file per arm, and the watchdog's beat. Files are whole or not there (written aside, synced, renamed), and
/// both run on one machine, so they share its clock. A freeze that is begun anew under its marker has an arm of its own, with another end: whoever is done with the one before must not take it away.
/// </summary>
public sealed class PauseArms(IOptions<PauseOptions> options, TimeProvider time)
{
    private const string ArmSuffix = ".arm";
    private const string BeatName = "beat.json";

    /// <summary>A watchdog that has not beaten for so long is dead or hangs.</summary>
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(50);

    private string Folder => options.Value.Folder;

    /// <summary>Arms the watchdog and waits until its beat says that it guards this arm.</summary>
    /// <exception cref="StepFaultException"><c>quiesce.no-watchdog</c>: none is running; <c>quiesce.no-folder</c>: its folder cannot be written. Nothing was frozen.</exception>
    public async Task ArmAsync(PauseArm arm, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(arm);
        try
        {
            Directory.CreateDirectory(Folder);
            Write(FileOf(arm), JsonSerializer.SerializeToUtf8Bytes(arm, PauseJson.Default.PauseArm));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StepFaultException(new StepFault(
                "quiesce.no-folder", FaultKind.Transient, $"The watchdog's folder cannot be written, so the machine was not paused: {failure.Message}",
                "Look at the disk and the owner of Quiesce:Pause:Folder (`watchdog` in the state path)."), failure);
        }

        var began = time.GetTimestamp();
        while (ReadBeat() is not { } beat || !IsFresh(beat) || !beat.Guards.Contains(Guard(arm)))
        {
            if (time.GetElapsedTime(began) > s_silence)
            {
                Disarm(arm);
                throw new StepFaultException(new StepFault(
                    "quiesce.no-watchdog", FaultKind.Rejected, "No watchdog guards the pause, so the machine was not paused.",
                    "Run `SnapshotWorkflows.App watchdog` beside the service, with the same settings (a systemd unit is in packaging/), or ask for another quiesce mode."));
            }

            await Task.Delay(s_look, time, cancellation);
        }
    }

    /// <summary>This arm alone. One that is not there is success.</summary>
    public void Disarm(PauseArm arm)
    {
        ArgumentNullException.ThrowIfNull(arm);
        if (!Directory.Exists(Folder)) return;
        File.Delete(FileOf(arm));
        var earlier = EarlierFileOf(arm.Marker);
        if (File.Exists(earlier) && Read(earlier) == arm) File.Delete(earlier);
    }

    /// <summary>Whether an arm of this freeze is there.</summary>
    public bool Holds(string marker) => File.Exists(EarlierFileOf(marker)) || (Directory.Exists(Folder) && Directory.EnumerateFiles(Folder, $"{marker}@*{ArmSuffix}").Any());

    /// <summary>Every arm of a freeze that is over. None is success.</summary>
    public void Disarm(string marker)
    {
        if (!Directory.Exists(Folder)) return;
        foreach (var file in Directory.GetFiles(Folder, $"{marker}@*{ArmSuffix}")) File.Delete(file);
        File.Delete(EarlierFileOf(marker));
    }

    /// <summary>Every arm there is, and the files that cannot be read as one: they stay where they are, and keep nobody from those that can.</summary>
    /// <exception cref="IOException">The folder itself cannot be listed.</exception>
    public FoundArms Find()
    {
        if (!Directory.Exists(Folder)) return new FoundArms([], []);
        var arms = new List<PauseArm>();
        var unreadable = new List<UnreadableArm>();
        foreach (var file in Directory.GetFiles(Folder, $"*{ArmSuffix}"))
        {
            var name = Path.GetFileName(file);
            try
            {
                if (Read(file) is { Pool.Length: > 0, VmUuid.Length: > 0 } arm && (file == FileOf(arm) || file == EarlierFileOf(arm.Marker))) arms.Add(arm);
                else unreadable.Add(new UnreadableArm(name, "It names no pool and machine, or another marker."));
            }
            catch (FileNotFoundException)
            {
                // Disarmed a moment ago.
            }
            catch (Exception broken) when (broken is JsonException or IOException or UnauthorizedAccessException)
            {
                unreadable.Add(new UnreadableArm(name, broken.Message));
            }
        }

        return new FoundArms(arms, unreadable);
    }

    /// <summary>The watchdog's own: says that it lives and what it guards.</summary>
    public void Beat(IEnumerable<PauseArm> guarded)
    {
        Directory.CreateDirectory(Folder);
        var beat = new WatchdogBeat(time.GetUtcNow(), System.Environment.ProcessId, [.. guarded.Select(Guard)]);
        Write(Path.Combine(Folder, BeatName), JsonSerializer.SerializeToUtf8Bytes(beat, PauseJson.Default.WatchdogBeat));
    }

    /// <summary>Whether a watchdog has beaten lately.</summary>
    public bool IsGuarded => ReadBeat() is { } beat && IsFresh(beat);

    /// <summary>A beat of a time to come is none either: the clock was set back since, and nobody has beaten.</summary>
    private bool IsFresh(WatchdogBeat beat) => (time.GetUtcNow() - beat.At).Duration() <= s_silence;

    /// <summary>One that cannot be read is none.</summary>
    private WatchdogBeat? ReadBeat()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(Folder, BeatName)), PauseJson.Default.WatchdogBeat) is { Guards: not null } beat ? beat : null;
        }
        catch (Exception unreadable) when (unreadable is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static PauseArm? Read(string file) => JsonSerializer.Deserialize(File.ReadAllBytes(file), PauseJson.Default.PauseArm);

    private static string Guard(PauseArm arm) => $"{arm.Marker}@{arm.ExpiresAt.UtcTicks}";

    private string FileOf(PauseArm arm) => Path.Combine(Folder, Guard(arm) + ArmSuffix);

    /// <summary>As releases before named it: a machine that one of them paused is let go too.</summary>
    private string EarlierFileOf(string marker) => Path.Combine(Folder, marker + ArmSuffix);

    private static void Write(string path, byte[] content)
    {
        var partial = path + ".partial";
        using (var file = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(partial, path, overwrite: true);
    }
}
