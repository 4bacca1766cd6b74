using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;

namespace SnapshotWorkflows.Activities;

/// <summary>The mark on everything that we make: installation, request and role. Only what bears all three is ours.</summary>
public sealed class Marker(IOptions<InstallationOptions> options, TimeProvider time)
{
    public const string InstallationName = "swf-installation";
    public const string KeyName = "swf-key";
    public const string RoleName = "swf-role";
    public const string CreatedName = "swf-created";

    /// <summary>On a snapshot that was taken while a guest was frozen: the marker of that freeze.</summary>
    public const string FreezeName = "swf-freeze";

    public string Installation => options.Value.Installation;

    /// <summary>Whether copies on secondary storage that an installation made are ours: only those may be listed and deleted. On arrays and hosts our own mark alone counts.</summary>
    public bool OwnsCopiesOf(string installation) => installation == Installation || options.Value.TakesOver.Contains(installation);

    /// <summary>As attributes of an array's object, always given whole: a clone would otherwise inherit its source's.</summary>
    /// <param name="freeze">Marker of the freeze that it is taken in.</param>
    public JsonObject Attributes(RequestKey key, string role, string? freeze = null)
    {
        var attributes = new JsonObject
        {
            [InstallationName] = Installation,
            [KeyName] = key.Value,
            [RoleName] = role,
            [CreatedName] = time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ"),
        };
        if (freeze is not null) attributes[FreezeName] = freeze;
        return attributes;
    }

    /// <summary>As a XenAPI object's other_config.</summary>
    public Dictionary<string, string> OtherConfig(RequestKey key, string role) => new(StringComparer.Ordinal)
    {
        [InstallationName] = Installation,
        [KeyName] = key.Value,
        [RoleName] = role,
        [CreatedName] = time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ"),
    };

    /// <summary>True when the object bears our whole mark.</summary>
    /// <param name="find">Looks an attribute up; null when absent.</param>
    public bool IsOn(Func<string, string?> find, RequestKey key, string role) =>
        find(InstallationName) == Installation && find(KeyName) == key.Value && find(RoleName) == role;
}
