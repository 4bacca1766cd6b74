using System.Globalization;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Copies;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;
using SnapshotWorkflows.Secondary.Pipeline;
using SnapshotWorkflows.Secondary.Restore;

namespace SnapshotWorkflows.App.Commands;

/// <summary>
/// From a backup to a file, from the store alone: neither service nor catalog, array or host is needed, only the destination's settings (and its keys, where chunks are encrypted). Exit code 0: the file is there and proven;
/// 1: the copy is missing or damaged, no file is left; 64: wrong command line; 78: settings or a store that cannot be used.
/// </summary>
internal static class RestoreFile
{
    /// <summary>What was asked cannot be done, or not all of it.</summary>
    private const int CannotDo = 1;

    public static Task<int> RunAsync(string[] args, HostSurroundings? surroundings = null)
    {
        var ours = new Dictionary<string, string>(StringComparer.Ordinal);
        var rest = new List<string>();
        string? wrong = null;
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i] is not ("--snapshot" or "--manifest" or "--destination" or "--output" or "--offset" or "--length"))
                rest.Add(args[i]);
            else if (i + 1 == args.Length || !ours.TryAdd(args[i][2..], args[++i]))
                wrong ??= $"{args[i]} has no value, or stands there twice.";
        }

        if (!ours.ContainsKey("output") || ours.ContainsKey("snapshot") == ours.ContainsKey("manifest")) wrong ??= "Give --output, and either --snapshot or --manifest.";
        if (ours.ContainsKey("offset") != ours.ContainsKey("length")) wrong ??= "Give --offset and --length together, or neither.";
        if (!TryNumber("offset", out var offset) | !TryNumber("length", out var length)) wrong ??= "--offset and --length are whole numbers of bytes.";
        DiskExtent? range = ours.ContainsKey("offset") ? new DiskExtent(offset, length) : null;
        return CommandRun.DoAsync([.. rest], surroundings, run => wrong is null
            ? RestoreAsync(run, ours, range)
            : throw new HostStartupException("restore.usage", wrong, "--help shows what there is.", HostExitCodes.Usage));

        bool TryNumber(string option, out long number)
        {
            number = 0;
            return !ours.TryGetValue(option, out var text) || long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
        }
    }

    private static async Task<int> RestoreAsync(CommandRun run, Dictionary<string, string> ours, DiskExtent? range)
    {
        var output = ours["output"];
        try
        {
            var destination = run.Destinations().Get(ours.GetValueOrDefault("destination"));
            var manifest = ours.TryGetValue("manifest", out var name)
                ? await new ManifestStore(destination.Store).ReadAsync(name, CancellationToken.None)
                : await CopyManifests.FindAsync(destination.Store, ours["snapshot"], CancellationToken.None);
            var lines = new Lines(run.Error);
            var receipt = range is { } part
                ? await CopyRestore.RangeToFileAsync(destination, manifest, part, output, TimeProvider.System, lines, CancellationToken.None)
                : await CopyRestore.ToFileAsync(destination, manifest, output, TimeProvider.System, lines, CancellationToken.None);
            var what = range is { } read ? $"bytes {read.Offset} to {read.End} of its disk" : $"its disk of {receipt.DiskBytes} bytes";
            await run.Output.WriteLineAsync($"snapshot {manifest.SnapshotId} of {manifest.CreatedAt:O}, format {manifest.Format}: {what} in '{output}', {receipt.WrittenBytes} bytes written, the rest are holes; proven against root {manifest.Root}");
            return HostExitCodes.Success;
        }
        catch (SecondaryException missing) when (missing is not SecondaryStoreException { Code: not (StoreCodes.Missing or StoreCodes.Exists) })
        {
            throw new HostStartupException(missing.Code, missing.Message, missing.Remedy, CannotDo);
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            throw new HostStartupException("restore.output", $"'{output}' cannot be written: {unwritable.Message}", "Give a path in a folder that exists, with room for the disk.", CannotDo);
        }
    }

    // One line every ten seconds or so.
    private sealed class Lines(TextWriter output) : IProgress<TransferProgress>
    {
        private long _last = TimeProvider.System.GetTimestamp();

        public void Report(TransferProgress value)
        {
            if (TimeProvider.System.GetElapsedTime(_last) < TimeSpan.FromSeconds(10)) return;
            _last = TimeProvider.System.GetTimestamp();
            output.WriteLine($"{value.DoneBytes * 100 / Math.Max(1, value.TotalBytes)} %, {value.BytesPerSecond / 1048576:0} MiB/s, {value.Remaining?.TotalSeconds ?? 0:0} s to go");
        }
    }
}
