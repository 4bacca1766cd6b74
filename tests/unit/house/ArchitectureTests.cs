namespace SnapshotWorkflows.Tests.Unit.House;

/// <summary>Holds the built assemblies to the arrows: what a project file allows by mistake shows here.</summary>
public sealed class ArchitectureTests
{
    [Fact]
    public void Every_room_references_only_what_its_arrows_allow()
    {
        var wrong = new List<string>();
        foreach (var file in Arrows.BuiltAssemblies())
        {
            var room = Arrows.RoomOf(file);
            if (!Arrows.Allowed.TryGetValue(room, out var allowed))
            {
                wrong.Add($"{room} has no row in the table of arrows");
                continue;
            }

            wrong.AddRange(Arrows.ReferencesOf(file)
                .Where(name => name.StartsWith(Arrows.Ours, StringComparison.Ordinal))
                .Select(name => name[Arrows.Ours.Length..])
                .Where(name => !allowed.Contains(name))
                .Select(name => $"{room} -> {name}"));
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Every_room_of_the_table_was_built()
    {
        var built = Arrows.BuiltAssemblies().Select(Arrows.RoomOf).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(Arrows.Allowed.Keys.Where(room => !built.Contains(room)));
    }

    [Fact]
    public void The_table_has_no_cycle()
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        void Visit(string room, IReadOnlyList<string> path)
        {
            Assert.DoesNotContain(room, path);
            if (!done.Add(room)) return;
            foreach (var next in Arrows.Allowed[room]) Visit(next, [.. path, room]);
        }

        foreach (var room in Arrows.Allowed.Keys) Visit(room, []);
    }

    [Fact]
    public void Orchestrators_name_no_network_file_thread_or_chance()
    {
        string[] banned = ["System.Net.", "System.IO.File", "System.IO.Directory", "System.Threading.Tasks.Parallel", "System.Threading.Thread", "System.Random", "System.Environment", "Microsoft.AspNetCore.", "Microsoft.Data."];
        var file = Arrows.BuiltAssemblies().Single(file => Arrows.RoomOf(file) == "Functions.Orchestrators");
        Assert.Empty(Arrows.TypesReferredToBy(file).Where(type => banned.Any(ban => type.StartsWith(ban, StringComparison.Ordinal))));
    }

    [Fact]
    public void Simulators_share_no_assembly_with_the_clients()
    {
        foreach (var file in Arrows.BuiltAssemblies().Where(file => Arrows.RoomOf(file).StartsWith("Simulators", StringComparison.Ordinal)))
        {
            Assert.DoesNotContain(Arrows.ReferencesOf(file), name => name is "SnapshotWorkflows.SolidFire" or "SnapshotWorkflows.XenServer" or "SnapshotWorkflows.CloudStack" or "SnapshotWorkflows.Secondary");
        }
    }
}
