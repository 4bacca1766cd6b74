namespace SnapshotWorkflows.Contracts;

/// <summary>Where callbacks may go, and what they are signed with. Bound from section Callbacks.</summary>
public sealed class CallbackOptions
{
    /// <summary>Addresses that may be called: scheme, host, port and the beginning of the path. Empty: none.</summary>
    public IList<string> Allowed { get; } = [];

    /// <summary>Key of the HMAC-SHA256 over the body. Empty: callbacks are refused.</summary>
    public string Secret { get; set; } = "";

    /// <summary>Deadline of one try.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Whether an address is on the list: same scheme, host and port, the listed path or one below it, no user info and no fragment. Below the listed path no slash, backslash, dot or percent sign is
    /// escaped, and no segment is dots before a semicolon: what stands before the receiver may take <c>..%2f</c> or <c>..;/</c> for a way out of that path.
    /// </summary>
    public bool Allows(string? address) => Secret.Length > 0 && Parse(address) is { } wanted && Allowed.Select(Parse).OfType<Uri>().Any(allowed =>
        wanted.Scheme == allowed.Scheme
        && string.Equals(wanted.IdnHost, allowed.IdnHost, StringComparison.OrdinalIgnoreCase)
        && wanted.Port == allowed.Port
        && (wanted.AbsolutePath == allowed.AbsolutePath || IsBelow(wanted.AbsolutePath, allowed.AbsolutePath.TrimEnd('/') + "/")));

    private static bool IsBelow(string path, string folder) =>
        path.StartsWith(folder, StringComparison.Ordinal) && !s_escapedSigns.Any(sign => path.AsSpan(folder.Length).Contains(sign, StringComparison.OrdinalIgnoreCase))
        && !path[folder.Length..].Split('/').Any(static segment => segment.Replace("%3b", ";", StringComparison.OrdinalIgnoreCase).Split(';') is ["." or "..", _, ..]);

    private static readonly string[] s_escapedSigns = ["%2f", "%5c", "%2e", "%25"];

    /// <summary>Whether an address on the list can ever match.</summary>
    public static bool CanBeAllowed(string? address) => Parse(address) is { Query.Length: 0 };

    private static Uri? Parse(string? address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" && uri.UserInfo.Length == 0 && uri.Fragment.Length == 0 ? uri : null;
}
