using System.Text.RegularExpressions;

namespace SnapshotWorkflows.Tests.Unit.House;

/// <summary>docs/settings.md names every setting: one that nobody can find is none.</summary>
public sealed partial class SettingsPageTests
{
    [Theory]
    [InlineData("solidfire/SolidFireOptions.cs")]
    [InlineData("xenserver/XenServerOptions.cs")]
    [InlineData("cloudstack/CloudStackOptions.cs")]
    [InlineData("contracts/callbacks/CallbackOptions.cs")]
    [InlineData("activities/InstallationOptions.cs")]
    [InlineData("activities/upkeep/UpkeepOptions.cs")]
    [InlineData("activities/host/CopyOptions.cs")]
    [InlineData("activities/guest/QuiesceHookOptions.cs")]
    [InlineData("activities/guest/PauseOptions.cs")]
    [InlineData("secondary/destinations/SecondaryOptions.cs")]
    [InlineData("secondary/destinations/ChunkDestinationOptions.cs")]
    [InlineData("secondary/retry/RetryingStore.cs")]
    [InlineData("secondary/throttle/ThrottledStore.cs")]
    [InlineData("functions/app/AdmissionSettings.cs")]
    [InlineData("functions/triggers/leaks/CatalogAgeOptions.cs")]
    [InlineData("functions/triggers/access/AccessOptions.cs")]
    [InlineData("functions/triggers/cloudstack/WebhookOptions.cs")]
    public void Every_setting_of_a_class_is_on_the_page(string file)
    {
        var page = File.ReadAllText(Path.Combine(Checkout.Root, "docs", "settings.md"));
        var settings = Property().Matches(File.ReadAllText(Path.Combine(Checkout.Root, file))).Select(property => property.Groups["name"].Value).ToList();
        Assert.NotEmpty(settings);
        Assert.Empty(settings.Where(setting => !page.Contains($":{setting}", StringComparison.Ordinal)));
    }

    [GeneratedRegex(@"^    public [\w<>?\[\], ]+ (?<name>\w+) \{ get; ((set|init); )?\}", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Property();
}
