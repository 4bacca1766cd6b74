using System.Text.RegularExpressions;

namespace SnapshotWorkflows.Tests.Unit.House;

/// <summary>docs/errors.md names every code that the program can show, and no other: whoever meets one at night finds it there.</summary>
public sealed partial class ErrorPageTests
{
    private static readonly string[] s_rooms = ["activities", "catalog", "cloudstack", "contracts", "durable", "functions", "secondary", "solidfire", "xenserver"];

    /// <summary>Texts of a code's shape that are none: verbs of the audit trail, events of callbacks, files, calls, tags of metrics.</summary>
    private static readonly HashSet<string> s_others = new(StringComparer.Ordinal)
    {
        "beat.json", "catalog.db", "catalog-copy.db", "filelog.txt", "host.json", "hub.db", "openapi.json",
        "chunks.collect", "clones.purge", "event.handled", "group.cancel", "leaks.look", "leaks.sweep", "ledger.backup", "policy.cancel", "policy.delete", "policy.expire", "policy.expiry", "policy.put", "policy.run",
        "restore.cancel", "revert.cancel", "snapshot.cancel", "snapshot.create", "snapshot.delete", "snapshot.group", "snapshot.hold", "snapshot.keep", "snapshot.release", "snapshot.report", "snapshot.restore",
        "snapshot.revert", "snapshot.tag", "snapshot.verify", "snapshots.reconcile",
        "policy.ended",
        "access.refused", "entity.signal", "function.run", "instance.purge", "instance.raise", "instance.start", "key.read", "key.remove", "key.rotate", "key.set",
        "session.logout", "task.cancel", "task.create", "task.destroy",
        "durabletask.type", "store.name", "store.operation", "store.outcome",
    };

    /// <summary>Codes that the sources put together of parts.</summary>
    private static readonly string[] s_composed = ["header.value", "query.value", "watchdog.settings"];

    [Fact]
    public void Every_code_of_the_sources_is_on_the_page()
    {
        var page = OnPage();
        Assert.Empty(InSources().Where(code => !page.Contains(code.Key)).Select(code => $"{code.Key} ({code.Value})"));
    }

    [Fact]
    public void No_code_on_the_page_has_left_the_sources()
    {
        var sources = InSources();
        Assert.Empty(OnPage().Where(code => !sources.ContainsKey(code)).Except(s_composed));
    }

    /// <summary>A fault does not know whether it is tried again or ends the request: whoever shows it says so.</summary>
    [Fact]
    public void No_text_of_a_fault_says_that_it_is_tried_again() => Assert.Empty(Checkout.Files("*.cs")
        .Select(file => Path.GetRelativePath(Checkout.Root, file).Replace(Path.DirectorySeparatorChar, '/'))
        .Where(file => s_rooms.Contains(file.Split('/')[0]) && !file.EndsWith("/StepFault.cs", StringComparison.Ordinal))
        .SelectMany(file => File.ReadLines(Path.Combine(Checkout.Root, file)).Where(line => Promise().IsMatch(line)).Select(line => $"{file}: {line.Trim()}")));

    /// <summary>By code, a file that has it.</summary>
    private static Dictionary<string, string> InSources()
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in Checkout.Files("*.cs"))
        {
            var relative = Path.GetRelativePath(Checkout.Root, file).Replace(Path.DirectorySeparatorChar, '/');
            if (!s_rooms.Contains(relative.Split('/')[0])) continue;
            foreach (Match code in Literal().Matches(File.ReadAllText(file)))
            {
                if (!s_others.Contains(code.Groups[1].Value)) found.TryAdd(code.Groups[1].Value, relative);
            }
        }

        return found;
    }

    /// <summary>What the first cell of each row names.</summary>
    private static HashSet<string> OnPage() => File.ReadLines(Path.Combine(Checkout.Root, "docs", "errors.md"))
        .Where(line => line.StartsWith('|'))
        .SelectMany(line => Named().Matches(line.Split('|')[1]).Select(code => code.Groups[1].Value))
        .ToHashSet(StringComparer.Ordinal);

    [GeneratedRegex("\"([a-z][A-Za-z]*(?:-[a-z]+)*\\.[a-z][A-Za-z]*(?:-[a-z]+)*)\"")]
    private static partial Regex Literal();

    [GeneratedRegex("\"(?:It is|Nothing: (?:it|the [a-z]+) is)[^\"]*(?:tried|looked at|looked for|cloned|copied|written|made) (?:again|anew|once more)")]
    private static partial Regex Promise();

    [GeneratedRegex("`([a-z][A-Za-z]*(?:-[a-z]+)*\\.[a-z][A-Za-z]*(?:-[a-z]+)*)`")]
    private static partial Regex Named();
}
