using System.Net;

namespace SnapshotWorkflows.Durable.Host.Configuration;

/// <summary>The host's own command line: <c>--port N --settings-root DIR --address IP</c>.</summary>
/// <param name="Port">TCP port, 0 = any free one; null = local.settings.json decides.</param>
/// <param name="SettingsRoot">Folder of host.json and local.settings.json, absolute.</param>
/// <param name="Address">Address to listen on; loopback unless asked otherwise.</param>
internal sealed record HostCommandLine(int? Port, string SettingsRoot, IPAddress Address)
{
    private const string Usage = "Use: [--port N] [--settings-root DIR] [--address IP].";

    public static HostCommandLine Parse(IReadOnlyList<string> args)
    {
        int? port = null;
        var root = Directory.GetCurrentDirectory();
        var address = IPAddress.Loopback;
        for (var i = 0; i < args.Count; i++)
        {
            var name = args[i];
            string? value = null;
            var equals = name.IndexOf('=', StringComparison.Ordinal);
            if (name.StartsWith("--", StringComparison.Ordinal) && equals > 0)
            {
                value = name[(equals + 1)..];
                name = name[..equals];
            }

            if (name is not ("--port" or "--settings-root" or "--address"))
            {
                throw Refuse($"'{name}' is not an option of this program.");
            }

            if (value is null && ++i < args.Count)
            {
                value = args[i];
            }

            if (string.IsNullOrEmpty(value))
            {
                throw Refuse($"{name} needs a value.");
            }

            switch (name)
            {
                case "--port":
                    port = int.TryParse(value, out var number) && number is >= 0 and <= 65535
                        ? number
                        : throw Refuse($"--port {value}: a port is a number from 0 to 65535.");
                    break;
                case "--settings-root":
                    root = Path.GetFullPath(value);
                    break;
                default:
                    address = IPAddress.TryParse(value, out var parsed) ? parsed : throw Refuse($"--address {value}: not an IP address.");
                    break;
            }
        }

        return new HostCommandLine(port, root, address);
    }

    private static HostStartupException Refuse(string message) => new("commandLine.invalid", message, Usage, HostExitCodes.Usage);
}
