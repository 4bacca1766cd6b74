using Microsoft.Extensions.Options;

namespace SnapshotWorkflows.CloudStack;

/// <summary>Says at start what is wrong with the settings, each with the key to mend.</summary>
internal sealed class CloudStackOptionsValidator : IValidateOptions<CloudStackOptions>
{
    public ValidateOptionsResult Validate(string? name, CloudStackOptions options)
    {
        var faults = new List<string>();
        if (options.Endpoint is not { IsAbsoluteUri: true, Scheme: "https" }) faults.Add("CloudStack:Endpoint must be an https address, such as https://cloud/client/api.");
        if (string.IsNullOrWhiteSpace(options.ApiKey)) faults.Add("CloudStack:ApiKey is missing.");
        if (string.IsNullOrWhiteSpace(options.SecretKey)) faults.Add("CloudStack:SecretKey is missing.");
        if (!PinnedCertificate.TryReadPins(options.CertificateSha256, out _))
            faults.Add("CloudStack:CertificateSha256 must be 64 hexadecimal digits, the SHA-256 of the server certificate's DER.");
        if (options.CertificateAuthority is { Length: > 0 } path && !File.Exists(path))
            faults.Add($"CloudStack:CertificateAuthority names {path}, which does not exist; give a PEM file.");
        if (options.CallTimeout < TimeSpan.FromSeconds(1) || options.CallTimeout > TimeSpan.FromMinutes(10)) faults.Add("CloudStack:CallTimeout must lie between 00:00:01 and 00:10:00.");
        if (options.SignatureLifetime < TimeSpan.FromMinutes(1) || options.SignatureLifetime > TimeSpan.FromMinutes(15))
            faults.Add("CloudStack:SignatureLifetime must lie between 00:01:00 and 00:15:00, the most that the server allows.");
        if (options.JobPollInterval <= TimeSpan.Zero || options.JobPollInterval > TimeSpan.FromMinutes(5)) faults.Add("CloudStack:JobPollInterval must be more than nothing and at most 00:05:00.");
        if (options.ReadAttempts is < 1 or > 10) faults.Add("CloudStack:ReadAttempts must lie between 1 and 10.");
        if (options.RetryDelay < TimeSpan.Zero || options.RetryDelayMax < options.RetryDelay || options.RetryDelayMax > TimeSpan.FromMinutes(5))
            faults.Add("CloudStack:RetryDelay must not be negative, and CloudStack:RetryDelayMax must be at least as long and at most 00:05:00.");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
