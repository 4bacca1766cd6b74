namespace SnapshotWorkflows.Lab.Processes;

/// <summary>Where the built programs lie: the lab starts what a user would start, from the same build as itself.</summary>
internal static class Checkout
{
    /// <summary>The folder with the solution.</summary>
    public static string Root { get; } = FindRoot();

    public static string App => Program("functions/app", "SnapshotWorkflows.App");

    public static string Simulators => Program("simulators", "SnapshotWorkflows.Simulators");

    public static string Prover => Program("lab/prover", "SnapshotWorkflows.Lab.Prover");

    private static string Program(string room, string name)
    {
        // .../bin/<Debug or Release>/<framework>: the same two folders for every program of one build.
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var path = Path.Combine(Root, room, "bin", own.Parent!.Name, own.Name, name + ".dll");
        return File.Exists(path) ? path : throw new LabException($"{name} is not built for {own.Parent.Name}; build lab/run.slnf first, or use ./run, which does.", path);
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "SnapshotWorkflows.sln"))) return folder.FullName;
        }

        throw new LabException("The lab runs from the build output inside a checkout; no SnapshotWorkflows.sln is above it.", AppContext.BaseDirectory);
    }
}
