namespace SnapshotWorkflows.CloudStack;

/// <summary>The management server: where it is, who we are, whom we trust, how long we wait. Bound from section <c>CloudStack</c>.</summary>
public sealed class CloudStackOptions
{
    public const string Section = "CloudStack";

    /// <summary>API address, e.g. <c>https://cloud/client/api</c>.</summary>
    public Uri? Endpoint { get; set; }

    public string ApiKey { get; set; } = "";

    public string SecretKey { get; set; } = "";

    /// <summary>SHA-256 of the server certificate's DER, in hexadecimal; several are separated by commas.</summary>
    public string? CertificateSha256 { get; set; }

    /// <summary>PEM file of the authority that signed the server's certificate; used when no fingerprint is given.</summary>
    public string? CertificateAuthority { get; set; }

    /// <summary>Deadline of one call, 1 s to 10 min.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a signed request is good for, 1 to 15 min; it also bounds how far the clocks may differ.</summary>
    public TimeSpan SignatureLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Wait between two looks at an asynchronous job.</summary>
    public TimeSpan JobPollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often a read is tried in all, 1 to 10. Writes are sent once.</summary>
    public int ReadAttempts { get; set; } = 5;

    /// <summary>Wait before the second try of a read; doubles from there, with jitter.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest wait between two tries of a read.</summary>
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromSeconds(8);
}
