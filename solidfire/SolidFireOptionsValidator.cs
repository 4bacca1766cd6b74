using Microsoft.Extensions.Options;

namespace SnapshotWorkflows.SolidFire;

/// <summary>Says at start what is wrong with the settings, each with the key to mend.</summary>
internal sealed class SolidFireOptionsValidator : IValidateOptions<SolidFireOptions>
{
    public ValidateOptionsResult Validate(string? name, SolidFireOptions options)
    {
        var faults = new List<string>();
        if (options.Endpoint is not { IsAbsoluteUri: true, Scheme: "https" } endpoint || !endpoint.AbsolutePath.StartsWith("/json-rpc/", StringComparison.Ordinal))
            faults.Add("SolidFire:Endpoint must be an https address with the API version, such as https://mvip/json-rpc/12.5.");
        if (string.IsNullOrWhiteSpace(options.Username)) faults.Add("SolidFire:Username is missing: name a cluster administrator with volume, snapshot and access group rights.");
        if (string.IsNullOrEmpty(options.Password)) faults.Add("SolidFire:Password is missing.");
        if (!PinnedCertificate.TryReadPins(options.CertificateSha256, out _))
            faults.Add("SolidFire:CertificateSha256 must be 64 hexadecimal digits, the SHA-256 of the server certificate's DER.");
        if (options.CertificateAuthority is { Length: > 0 } path && !File.Exists(path))
            faults.Add($"SolidFire:CertificateAuthority names {path}, which does not exist; give a PEM file.");
        if (options.CallTimeout < TimeSpan.FromSeconds(1) || options.CallTimeout > TimeSpan.FromMinutes(10))
            faults.Add("SolidFire:CallTimeout must lie between 00:00:01 and 00:10:00.");
        if (options.ReadAttempts is < 1 or > 10) faults.Add("SolidFire:ReadAttempts must lie between 1 and 10.");
        if (options.RetryDelay < TimeSpan.Zero || options.RetryDelayMax < options.RetryDelay || options.RetryDelayMax > TimeSpan.FromMinutes(5))
            faults.Add("SolidFire:RetryDelay must not be negative, and SolidFire:RetryDelayMax must be at least as long and at most 00:05:00.");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
