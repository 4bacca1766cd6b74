using System.Text.Json;
using System.Text.RegularExpressions;

namespace SnapshotWorkflows.Tests.Unit.House;

/// <summary>Small rules of the tree that nobody should have to remember.</summary>
public sealed partial class TidyTests
{
    private const int LongestFile = 450;

    [Fact]
    public void No_source_file_is_too_long() =>
        Assert.Empty(Checkout.Files("*.cs").Where(file => File.ReadLines(file).Count() > LongestFile));

    [Fact]
    public void No_source_file_puts_work_off()
    {
        // Built of two halves, so that this file does not find itself.
        string[] marks = ["TO" + "DO", "FIX" + "ME", "NotImplemented" + "Exception"];
        Assert.Empty(Checkout.Files("*.cs").Where(file => marks.Any(mark => File.ReadAllText(file).Contains(mark, StringComparison.Ordinal))));
    }

    [Fact]
    public void Local_settings_name_loopback_only_and_hold_no_secret()
    {
        using var settings = JsonDocument.Parse(File.ReadAllText(Path.Combine(Checkout.Root, "local.settings.json")));
        foreach (var value in settings.RootElement.GetProperty("Values").EnumerateObject())
        {
            var text = value.Value.GetString()!;
            if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme.StartsWith("http", StringComparison.Ordinal)) Assert.True(uri.IsLoopback, value.Name);
            if (SecretName().IsMatch(value.Name)) Assert.Equal("", text);
        }
    }

    [Fact]
    public void Local_settings_choose_no_installation()
    {
        // One that worked as it stands would be shared by all who forget it, and what bears its mark is anybody's then.
        using var settings = JsonDocument.Parse(File.ReadAllText(Path.Combine(Checkout.Root, "local.settings.json")));
        Assert.Equal("", settings.RootElement.GetProperty("Values").GetProperty("SnapshotWorkflows:Installation").GetString());
    }

    [Fact]
    public void Units_start_the_program_again_however_often_it_dies()
    {
        var units = Checkout.Files("*.service").ToList();
        Assert.Equal(2, units.Count);
        Assert.All(units, unit => Assert.Contains("StartLimitIntervalSec=0", File.ReadLines(unit).SkipWhile(line => line != "[Unit]").Skip(1).TakeWhile(line => !line.StartsWith('['))));
    }

    [Fact]
    public void Every_room_has_at_most_one_file_of_global_usings()
    {
        foreach (var project in Checkout.Files("*.csproj"))
        {
            var folder = Path.GetDirectoryName(project)!;
            Assert.True(Directory.GetFiles(folder, "*GlobalUsings*.cs", SearchOption.TopDirectoryOnly).Length <= 1, project);
        }
    }

    [Fact]
    public void Every_package_version_stands_in_one_place() =>
        Assert.Empty(Checkout.Files("*.csproj").Where(file => File.ReadAllText(file).Contains("<PackageReference", StringComparison.Ordinal) && VersionAttribute().IsMatch(File.ReadAllText(file))));

    [Fact]
    public void No_two_log_entries_share_an_event_id()
    {
        string[] others = ["tests", "bench", "lab", "simulators"];
        var entries = Checkout.Files("*.cs")
            .Where(file => !others.Contains(Path.GetRelativePath(Checkout.Root, file).Split(Path.DirectorySeparatorChar)[0]))
            .SelectMany(file => LogEntry().Matches(File.ReadAllText(file)).Select(entry => (Id: entry.Groups[1].Value, File: file)))
            .ToList();
        Assert.NotEmpty(entries);
        Assert.Empty(entries.GroupBy(entry => entry.Id).Where(same => same.Count() > 1).Select(same => $"{same.Key}: {string.Join(", ", same.Select(entry => entry.File))}"));
    }

    [Fact]
    public void Links_of_the_pages_lead_somewhere() =>
        Assert.Empty(Checkout.Files("*.md").SelectMany(page => Link().Matches(File.ReadAllText(page)).Select(link => (Page: page, Target: link.Groups[1].Value)))
            .Where(link => !link.Target.Contains("://", StringComparison.Ordinal))
            .Where(link => !Path.Exists(Path.Combine(Path.GetDirectoryName(link.Page)!, link.Target)))
            .Select(link => $"{link.Page}: {link.Target}"));

    [Fact]
    public void Anchors_of_the_pages_are_headings()
    {
        var anchors = Checkout.Files("*.md").SelectMany(page => Anchor().Matches(File.ReadAllText(page)).Select(link => (Page: page, Target: link.Groups[1].Value, Name: link.Groups[2].Value)))
            .Where(link => !link.Target.Contains("://", StringComparison.Ordinal))
            .ToList();
        Assert.NotEmpty(anchors);
        Assert.Empty(anchors
            .Where(link => !AnchorsOf(link.Target.Length == 0 ? link.Page : Path.Combine(Path.GetDirectoryName(link.Page)!, link.Target)).Contains(link.Name))
            .Select(link => $"{link.Page}: {link.Target}#{link.Name}"));
    }

    /// <summary>A heading in lower case, without punctuation, its blanks as dashes.</summary>
    private static HashSet<string> AnchorsOf(string page) => File.ReadLines(page)
        .Where(line => line.StartsWith('#'))
        .Select(line => string.Concat(line.TrimStart('#').Trim().ToLowerInvariant().Where(one => char.IsLetterOrDigit(one) || one is ' ' or '-' or '_')).Replace(' ', '-'))
        .ToHashSet(StringComparer.Ordinal);

    [GeneratedRegex("\\]\\(([^)#\\s]+)(?:#[^)]*)?\\)")]
    private static partial Regex Link();

    [GeneratedRegex("\\]\\(([^)#\\s]*)#([^)\\s]+)\\)")]
    private static partial Regex Anchor();

    [GeneratedRegex("LoggerMessage\\(EventId = ([0-9]+)")]
    private static partial Regex LogEntry();

    [GeneratedRegex("Password|Secret|Token|ApiKey", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();

    [GeneratedRegex("PackageReference[^>]*Version=")]
    private static partial Regex VersionAttribute();
}
