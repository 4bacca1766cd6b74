using Microsoft.Extensions.Options;

namespace SnapshotWorkflows.XenServer;

/// <summary>Says at start what is wrong with the settings, each with the key to mend.</summary>
internal sealed class XenServerOptionsValidator : IValidateOptions<XenServerOptions>
{
    public ValidateOptionsResult Validate(string? name, XenServerOptions options)
    {
        var faults = new List<string>();
        if (options.Pools.Count == 0) faults.Add("XenServer:Pools is empty: name at least one pool.");
        for (var index = 0; index < options.Pools.Count; index++) Check(options.Pools[index], $"XenServer:Pools:{index}", faults);
        foreach (var twice in options.Pools.GroupBy(pool => pool.Name, StringComparer.Ordinal).Where(group => group.Count() > 1))
            faults.Add($"XenServer:Pools names {twice.Key} more than once; give each pool its own Name.");
        if (!string.IsNullOrEmpty(options.CopyPool) && options.Pools.All(pool => pool.Name != options.CopyPool))
            faults.Add($"XenServer:CopyPool is {options.CopyPool}, which is not the Name of any of XenServer:Pools.");
        if (string.IsNullOrEmpty(options.CopyPool) && options.Pools.Count > 1) faults.Add("XenServer:CopyPool is missing: with several pools, name the one whose hosts do the copies.");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void Check(XenServerPoolOptions pool, string key, List<string> faults)
    {
        if (string.IsNullOrWhiteSpace(pool.Name)) faults.Add($"{key}:Name is missing.");
        if (pool.Endpoint is not { IsAbsoluteUri: true, Scheme: "https" }) faults.Add($"{key}:Endpoint must be an https address, such as https://host.");
        if (string.IsNullOrWhiteSpace(pool.Username)) faults.Add($"{key}:Username is missing.");
        if (string.IsNullOrEmpty(pool.Password)) faults.Add($"{key}:Password is missing.");
        if (!PinnedCertificate.TryReadPins(pool.CertificateSha256, out _))
            faults.Add($"{key}:CertificateSha256 must be 64 hexadecimal digits, the SHA-256 of the host certificate's DER; several are separated by commas.");
        if (pool.CertificateAuthority is { Length: > 0 } path && !File.Exists(path)) faults.Add($"{key}:CertificateAuthority names {path}, which does not exist; give a PEM file.");
        if (pool.CallTimeout < TimeSpan.FromSeconds(1) || pool.CallTimeout > TimeSpan.FromMinutes(10)) faults.Add($"{key}:CallTimeout must lie between 00:00:01 and 00:10:00.");
        if (pool.StorageCallTimeout < TimeSpan.FromSeconds(1) || pool.StorageCallTimeout > TimeSpan.FromHours(2)) faults.Add($"{key}:StorageCallTimeout must lie between 00:00:01 and 02:00:00.");
        if (pool.StreamIdleTimeout < TimeSpan.FromSeconds(1) || pool.StreamIdleTimeout > TimeSpan.FromHours(2)) faults.Add($"{key}:StreamIdleTimeout must lie between 00:00:01 and 02:00:00.");
        if (pool.ExportEndTimeout < TimeSpan.FromSeconds(1) || pool.ExportEndTimeout > TimeSpan.FromHours(2)) faults.Add($"{key}:ExportEndTimeout must lie between 00:00:01 and 02:00:00.");
        if (pool.NbdConnections is < 1 or > 16) faults.Add($"{key}:NbdConnections must lie between 1 and 16.");
        if (pool.NbdTimeout < TimeSpan.FromSeconds(1) || pool.NbdTimeout > TimeSpan.FromMinutes(10)) faults.Add($"{key}:NbdTimeout must lie between 00:00:01 and 00:10:00.");
        if (pool.NbdAttempts is < 1 or > 20) faults.Add($"{key}:NbdAttempts must lie between 1 and 20.");
        if (pool.ReadAttempts is < 1 or > 10) faults.Add($"{key}:ReadAttempts must lie between 1 and 10.");
        if (pool.RetryDelay < TimeSpan.Zero || pool.RetryDelayMax < pool.RetryDelay || pool.RetryDelayMax > TimeSpan.FromMinutes(5))
            faults.Add($"{key}:RetryDelay must not be negative, and RetryDelayMax must be at least as long and at most 00:05:00.");
    }
}
