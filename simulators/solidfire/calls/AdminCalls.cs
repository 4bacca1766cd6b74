using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>Cluster administrators. GetCurrentClusterAdmin is answered by whoever knows the caller.</summary>
internal sealed class AdminCalls(Cluster cluster)
{
    private static readonly string[] Known =
        ["accounts", "administrator", "clusterAdmins", "drives", "nodes", "read", "reporting", "repositories", "supportAdmin", "volumes", "write"];

    public void Register(CallTable table)
    {
        table.Read("ListClusterAdmins", parameters =>
        {
            parameters.Accept("showHidden");
            return new JsonObject { ["clusterAdmins"] = Json.Array(cluster.Admins.Values.Select(admin => admin.ToJson())) };
        });
        table.Write("AddClusterAdmin", "clusterAdmins", Add);
        table.Write("ModifyClusterAdmin", "clusterAdmins", Modify);
        table.Write("RemoveClusterAdmin", "clusterAdmins", Remove);
    }

    private JsonObject Add(CallParameters parameters)
    {
        var username = parameters.RequiredText("username");
        var password = parameters.RequiredText("password");
        var access = Access(parameters) ?? throw ApiError.MissingParameter("access");
        if (!parameters.RequiredFlag("acceptEula"))
        {
            throw ApiError.InvalidParameter("The End User License Agreement must be accepted");
        }

        if (cluster.Admins.Values.Any(known => known.Username == username))
        {
            throw new ApiError("xDuplicateUsername", $"Duplicate username: {username}");
        }

        var admin = new ClusterAdmin { Id = ++cluster.Ids.Admin, Username = username, Password = password, Access = access, Attributes = ObjectAttributes.Read(parameters) ?? [] };
        cluster.Admins.Add(admin.Id, admin);
        return new JsonObject { ["clusterAdminID"] = admin.Id };
    }

    private JsonObject Modify(CallParameters parameters)
    {
        var admin = Find(parameters);
        var (access, password, attributes) = (Access(parameters), parameters.Text("password"), ObjectAttributes.Read(parameters));
        admin.Password = password ?? admin.Password;
        admin.Attributes = attributes ?? admin.Attributes;
        admin.Access = access ?? admin.Access;
        return [];
    }

    private JsonObject Remove(CallParameters parameters)
    {
        var admin = Find(parameters);
        if (admin.Id == 1)
        {
            throw ApiError.InvalidParameter("The primary cluster administrator cannot be removed");
        }

        cluster.Admins.Remove(admin.Id);
        return [];
    }

    private static List<string>? Access(CallParameters parameters)
    {
        var access = parameters.Elements("access")?.Select(node => node.ToString()).ToList();
        return access?.Find(name => !Known.Contains(name)) is { } unknown ? throw new ApiError("xUnrecognizedEnumString", $"Unrecognized enum string: {unknown}") : access;
    }

    private ClusterAdmin Find(CallParameters parameters)
    {
        var id = parameters.RequiredInteger("clusterAdminID");
        return cluster.Admins.TryGetValue(id, out var admin) ? admin : throw ApiError.Unknown("ClusterAdmin", id);
    }
}
