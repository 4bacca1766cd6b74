namespace SnapshotWorkflows.XenServer;

/// <summary>The pools of hypervisors. Bound from section <c>XenServer</c>.</summary>
public sealed class XenServerOptions
{
    public const string Section = "XenServer";

    public IList<XenServerPoolOptions> Pools { get; set; } = [];

    /// <summary>Name of the pool whose host does the copies.</summary>
    public string CopyPool { get; set; } = "";
}

/// <summary>One pool: where its coordinator is, who we are, whom we trust, how long we wait.</summary>
public sealed class XenServerPoolOptions
{
    public string Name { get; set; } = "";

    /// <summary>https address of any member; a member that is not the coordinator sends us on.</summary>
    public Uri? Endpoint { get; set; }

    public string Username { get; set; } = "";

    public string Password { get; set; } = "";

    /// <summary>SHA-256 of a host certificate's DER, in hexadecimal. Every member has its own: give those of all hosts, separated by commas.</summary>
    public string? CertificateSha256 { get; set; }

    /// <summary>PEM file of the authority that signed the hosts' certificates; used when no fingerprint is given.</summary>
    public string? CertificateAuthority { get; set; }

    /// <summary>Deadline of an ordinary call, 1 s to 10 min.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Deadline of a call that logs in to storage (probe, create, plug, scan), 1 s to 2 h.</summary>
    public TimeSpan StorageCallTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long an export may stay silent, 1 s to 2 h.</summary>
    public TimeSpan StreamIdleTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long the task of an export may take to end once all bytes are here.</summary>
    public TimeSpan ExportEndTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How often a read is tried in all, 1 to 10. Writes are sent once.</summary>
    public int ReadAttempts { get; set; } = 5;

    /// <summary>Wait before the second try of a read; doubles from there, with jitter.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest wait between two tries of a read.</summary>
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>Connections that read one disk over NBD, 1 to 16. A host takes 16 in all.</summary>
    public int NbdConnections { get; set; } = 4;

    /// <summary>Deadline of one connection or read over NBD, 1 s to 10 min.</summary>
    public TimeSpan NbdTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often one read over NBD is tried in all, each time over a new connection, 1 to 20.</summary>
    public int NbdAttempts { get; set; } = 5;

    /// <summary>Whether to read over NBD without TLS where the pool's network has the purpose insecure_nbd. The session then crosses the network in clear.</summary>
    public bool AllowPlainNbd { get; set; }
}
