using Microsoft.Extensions.Configuration;

namespace SnapshotWorkflows.SolidFire;

/// <summary>
/// The arrays, in their order. One array's settings may stand in the section <c>SolidFire</c> itself; several stand under <c>SolidFire:Arrays:N</c>. Where there are both, the section's own
/// array is the first.
/// </summary>
public sealed class SolidFireArraysOptions
{
    /// <summary>Name of the array whose settings stand in the section itself and give none.</summary>
    public const string DefaultName = "default";

    private static readonly string[] s_own =
        [nameof(SolidFireOptions.Endpoint), nameof(SolidFireOptions.Username), nameof(SolidFireOptions.Password), nameof(SolidFireOptions.CertificateSha256), nameof(SolidFireOptions.CertificateAuthority)];

    public IList<SolidFireOptions> Arrays { get; } = [];

    internal void Read(IConfigurationSection section)
    {
        var several = section.GetSection(nameof(Arrays)).GetChildren().ToList();
        if (several.Count == 0 || s_own.Any(key => section[key] is { Length: > 0 })) Add(section, DefaultName);
        foreach (var one in several) Add(one, "");
    }

    private void Add(IConfigurationSection section, string name)
    {
        var options = section.Get<SolidFireOptions>() ?? new SolidFireOptions();
        if (options.Name.Length == 0) options.Name = name;
        options.SettingsPath = section.Path;
        Arrays.Add(options);
    }
}
