namespace SnapshotWorkflows.SolidFire;

/// <summary>One Element cluster: where it is, who we are, whom we trust, how long we wait.</summary>
public sealed class SolidFireOptions
{
    public const string Section = "SolidFire";

    /// <summary>What a person calls the array; each has its own.</summary>
    public string Name { get; set; } = "";

    /// <summary>JSON-RPC endpoint with the API version, e.g. <c>https://mvip/json-rpc/12.5</c>.</summary>
    public Uri? Endpoint { get; set; }

    public string Username { get; set; } = "";

    public string Password { get; set; } = "";

    /// <summary>SHA-256 of the server certificate's DER, in hexadecimal; several may be given, separated by commas, while a certificate is being changed.</summary>
    public string? CertificateSha256 { get; set; }

    /// <summary>PEM file of the authority that signed the cluster's certificate; used when no fingerprint is given.</summary>
    public string? CertificateAuthority { get; set; }

    /// <summary>Deadline of one call, 1 s to 10 min.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a read is tried in all, 1 to 10. Writes are sent once.</summary>
    public int ReadAttempts { get; set; } = 5;

    /// <summary>Wait before the second try of a read; doubles from there, with jitter.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest wait between two tries of a read.</summary>
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>What a temporary clone may do while it is read, whatever its source may; null: it keeps what it inherits from its source.</summary>
    public CopyQosOptions? CopyQos { get; set; }

    /// <summary>Where these settings stand, so that an error can name the one to mend.</summary>
    internal string SettingsPath { get; set; } = Section;
}
