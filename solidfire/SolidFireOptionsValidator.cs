using Microsoft.Extensions.Options;

namespace SnapshotWorkflows.SolidFire;

/// <summary>Says at start what is wrong with the settings, each with the key to mend.</summary>
internal sealed class SolidFireOptionsValidator : IValidateOptions<SolidFireArraysOptions>
{
    public ValidateOptionsResult Validate(string? name, SolidFireArraysOptions options)
    {
        var faults = new List<string>();
        foreach (var array in options.Arrays) Check(array, array.SettingsPath, faults);
        foreach (var twice in options.Arrays.GroupBy(array => array.Name, StringComparer.Ordinal).Where(group => group.Key.Length > 0 && group.Count() > 1))
            faults.Add($"{Paths(twice)} have the same Name, {twice.Key}; give each array its own.");
        foreach (var twice in options.Arrays.Where(array => array.Endpoint is { IsAbsoluteUri: true }).GroupBy(array => array.Endpoint!.Authority, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
            faults.Add($"{Paths(twice)} have the same Endpoint, {twice.Key}; an array is named once.");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static string Paths(IEnumerable<SolidFireOptions> arrays) => string.Join(" and ", arrays.Select(array => array.SettingsPath));

    private static void Check(SolidFireOptions options, string key, List<string> faults)
    {
        if (string.IsNullOrWhiteSpace(options.Name)) faults.Add($"{key}:Name is missing: say what the array is called.");
        if (options.Endpoint is not { IsAbsoluteUri: true, Scheme: "https" } endpoint || !endpoint.AbsolutePath.StartsWith("/json-rpc/", StringComparison.Ordinal))
            faults.Add($"{key}:Endpoint must be an https address with the API version, such as https://mvip/json-rpc/12.5.");
        if (string.IsNullOrWhiteSpace(options.Username)) faults.Add($"{key}:Username is missing: name a cluster administrator with volume, snapshot and access group rights.");
        if (string.IsNullOrEmpty(options.Password)) faults.Add($"{key}:Password is missing.");
        if (!PinnedCertificate.TryReadPins(options.CertificateSha256, out _))
            faults.Add($"{key}:CertificateSha256 must be 64 hexadecimal digits, the SHA-256 of the server certificate's DER.");
        if (options.CertificateAuthority is { Length: > 0 } path && !File.Exists(path))
            faults.Add($"{key}:CertificateAuthority names {path}, which does not exist; give a PEM file.");
        if (options.CopyQos is { IsValid: false })
            faults.Add($"{key}:CopyQos needs MinIops, MaxIops and BurstIops, each from {CopyQosOptions.Least} to {CopyQosOptions.Most}, none less than the one before.");
        if (options.CallTimeout < TimeSpan.FromSeconds(1) || options.CallTimeout > TimeSpan.FromMinutes(10))
            faults.Add($"{key}:CallTimeout must lie between 00:00:01 and 00:10:00.");
        if (options.ReadAttempts is < 1 or > 10) faults.Add($"{key}:ReadAttempts must lie between 1 and 10.");
        if (options.RetryDelay < TimeSpan.Zero || options.RetryDelayMax < options.RetryDelay || options.RetryDelayMax > TimeSpan.FromMinutes(5))
            faults.Add($"{key}:RetryDelay must not be negative, and {key}:RetryDelayMax must be at least as long and at most 00:05:00.");
    }
}
