using System.Globalization;
using Microsoft.Extensions.Configuration;
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
    public static async Task<int> RunAsync(string[] args)
    {
        var ours = new Dictionary<string, string>(StringComparer.Ordinal);
        var rest = new List<string>();
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i] is not ("--snapshot" or "--manifest" or "--destination" or "--output" or "--offset" or "--length"))
                rest.Add(args[i]);
            else if (i + 1 == args.Length || !ours.TryAdd(args[i][2..], args[++i]))
                return Refuse("restore.usage", $"{args[i]} has no value, or stands there twice.");
        }

        if (!ours.TryGetValue("output", out var output) || ours.ContainsKey("snapshot") == ours.ContainsKey("manifest")) return Refuse("restore.usage", "Give --output, and either --snapshot or --manifest.");
        if (ours.ContainsKey("offset") != ours.ContainsKey("length")) return Refuse("restore.usage", "Give --offset and --length together, or neither.");
        if (!TryNumber("offset", out var offset) || !TryNumber("length", out var length)) return Refuse("restore.usage", "--offset and --length are whole numbers of bytes.");
        try
        {
            var settings = FunctionsHost.CreateBuilder([.. rest]).Configuration;
            var destination = new SecondaryDestinations(settings.GetSection("Secondary").Get<SecondaryOptions>() ?? new SecondaryOptions()).Get(ours.GetValueOrDefault("destination"));
            var manifest = ours.TryGetValue("manifest", out var name)
                ? await new ManifestStore(destination.Store).ReadAsync(name, CancellationToken.None)
                : await CopyManifests.FindAsync(destination.Store, ours["snapshot"], CancellationToken.None);
            DiskExtent? range = ours.ContainsKey("offset") ? new DiskExtent(offset, length) : null;
            var receipt = await RestoreAsync(destination, manifest, range, output);
            var what = range is { } part ? $"bytes {part.Offset} to {part.End} of its disk" : $"its disk of {receipt.DiskBytes} bytes";
            Console.WriteLine($"snapshot {manifest.SnapshotId} of {manifest.CreatedAt:O}, format {manifest.Format}: {what} in '{output}', {receipt.WrittenBytes} bytes written, the rest are holes; proven against root {manifest.Root}");
            return 0;
        }
        catch (HostStartupException wrong)
        {
            return Say(wrong.Code, wrong.Message, wrong.Remedy, HostExitCodes.Configuration);
        }
        catch (SecondaryException wrong)
        {
            return Say(wrong.Code, wrong.Message, wrong.Remedy, wrong is SecondaryStoreException { Code: not (StoreCodes.Missing or StoreCodes.Exists) } ? HostExitCodes.Configuration : 1);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            return Say("restore.output", $"'{output}' cannot be written: {wrong.Message}", "Give a path in a folder that exists, with room for the disk.", 1);
        }

        bool TryNumber(string option, out long number)
        {
            number = 0;
            return !ours.TryGetValue(option, out var text) || long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
        }
    }

    private static Task<RestoreReceipt> RestoreAsync(SecondaryDestination destination, SnapshotManifest manifest, DiskExtent? range, string output) => range is { } part
        ? CopyRestore.RangeToFileAsync(destination, manifest, part, output, TimeProvider.System, new Lines(), CancellationToken.None)
        : CopyRestore.ToFileAsync(destination, manifest, output, TimeProvider.System, new Lines(), CancellationToken.None);

    private static int Refuse(string code, string message) => Say(code, message, "--help shows what there is.", 64);

    private static int Say(string code, string message, string remedy, int exitCode)
    {
        Console.Error.WriteLine($"error {code}: {message} {remedy}");
        return exitCode;
    }

    // One line every ten seconds or so.
    private sealed class Lines : IProgress<TransferProgress>
    {
        private long _last = TimeProvider.System.GetTimestamp();

        public void Report(TransferProgress value)
        {
            if (TimeProvider.System.GetElapsedTime(_last) < TimeSpan.FromSeconds(10)) return;
            _last = TimeProvider.System.GetTimestamp();
            Console.Error.WriteLine($"{value.DoneBytes * 100 / Math.Max(1, value.TotalBytes)} %, {value.BytesPerSecond / 1048576:0} MiB/s, {value.Remaining?.TotalSeconds ?? 0:0} s to go");
        }
    }
}
