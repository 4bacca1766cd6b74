using System.Diagnostics;
using System.Globalization;

namespace SnapshotWorkflows.Bench.Backup;

/// <summary>restic and borg (Debian packages) on the same image in the same run, into folders. CPU seconds and stored bytes by figure; empty where not installed.</summary>
internal sealed class Peers(string folder)
{
    private static readonly EnumerationOptions s_everything = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None };

    public Dictionary<string, double> Restic { get; } = [];

    public Dictionary<string, double> Borg { get; } = [];

    public static bool Has(string program) => Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(p => File.Exists(Path.Combine(p, program)));

    public async Task RunAsync(string first, string changed)
    {
        if (Has("restic"))
            await ResticAsync(first, changed);
        if (Has("borg"))
            await BorgAsync(first, changed);
    }

    private async Task ResticAsync(string first, string changed)
    {
        var repository = Path.Combine(folder, "restic");
        var restic = $"RESTIC_PASSWORD=bench restic -q --cache-dir {folder}/restic-cache -r {repository}";
        await CpuAsync($"{restic} init");
        // From standard input, under one name: to restic both states are the same file.
        await StoreAsync("first", first);
        await StoreAsync("changed1pct", changed);
        Restic["verify.cpu"] = await CpuAsync($"{restic} check --read-data");
        Restic["restore.cpu"] = await CpuAsync($"{restic} restore latest --target {folder}/restic-out");
        Directory.Delete(Path.Combine(folder, "restic-out"), true);
        Directory.Delete(repository, true);

        async Task StoreAsync(string figure, string image)
        {
            var before = Size(repository);
            BackupImage.Warm(image);
            Restic[$"{figure}.cpu"] = await CpuAsync($"{restic} backup --stdin --stdin-filename disk < {image}");
            Restic[$"{figure}.sent"] = (Size(repository) - before) / 1e6;
            Restic[$"{figure}.stored"] = Size(repository) / 1e6;
        }
    }

    private async Task BorgAsync(string first, string changed)
    {
        var repository = Path.Combine(folder, "borg");
        var borg = $"BORG_BASE_DIR={folder}/borg-home BORG_PASSPHRASE=bench borg";
        await CpuAsync($"{borg} init -e authenticated-blake2 {repository}");
        foreach (var (figure, image) in new[] { ("first", first), ("changed1pct", changed) })
        {
            var before = Size(repository);
            BackupImage.Warm(image);
            Borg[$"{figure}.cpu"] = await CpuAsync($"{borg} create --chunker-params fixed,65536 -C zstd,1 --sparse {repository}::{figure} {image}");
            Borg[$"{figure}.sent"] = (Size(repository) - before) / 1e6;
            Borg[$"{figure}.stored"] = Size(repository) / 1e6;
        }
        Borg["verify.cpu"] = await CpuAsync($"{borg} check --verify-data {repository}");
        Directory.CreateDirectory(Path.Combine(folder, "borg-out"));
        Borg["restore.cpu"] = await CpuAsync($"cd {folder}/borg-out && {borg} extract --sparse {repository}::changed1pct");
        Directory.Delete(Path.Combine(folder, "borg-out"), true);
        Directory.Delete(repository, true);
    }

    public static long Size(string path) => Directory.Exists(path) ? new DirectoryInfo(path).EnumerateFiles("*", s_everything).Sum(Length) : 0;

    // One that was renamed or removed since it was listed is gone.
    private static long Length(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
    }

    // bash's `times` gives user and system time of what it waited for, on its second line.
    private static async Task<double> CpuAsync(string command)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", $"set -e; {{ {command}; }} >/dev/null 2>&1; times"]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"A peer failed: {command}");
        return output.Trim().Split('\n')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries).Sum(Seconds);
    }

    private static double Seconds(string time)
    {
        var parts = time.TrimEnd('s').Split('m');
        return double.Parse(parts[0], CultureInfo.InvariantCulture) * 60 + double.Parse(parts[1], CultureInfo.InvariantCulture);
    }
}
