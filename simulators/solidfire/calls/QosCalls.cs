using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>The default quality of service and the named policies.</summary>
internal sealed class QosCalls(Cluster cluster)
{
    private const int PoliciesMax = 500;

    public void Register(CallTable table)
    {
        table.Read("GetDefaultQoS", _ => cluster.DefaultQos.ToJson());
        table.Write("SetDefaultQoS", "volumes", SetDefault, since: "9.0");
        table.Write("CreateQoSPolicy", "volumes", Create, since: "10.0");
        table.Read("GetQoSPolicy", parameters => Wrap(Find(parameters)), since: "10.0");
        table.Read("ListQoSPolicies", _ => new JsonObject { ["qosPolicies"] = Json.Array(cluster.QosPolicies.Values.Select(Describe)) }, since: "10.0");
        table.Write("ModifyQoSPolicy", "volumes", Modify, since: "10.0");
        table.Write("DeleteQoSPolicy", "volumes", Delete, since: "10.0");
    }

    /// <summary>What CreateVolume and ModifyVolume say of quality of service, applied to a volume.</summary>
    public static void Apply(Cluster cluster, CallParameters parameters, Volume volume)
    {
        var qos = parameters.Object("qos");
        var policy = parameters.Identifier("qosPolicyID") is { } id ? cluster.QosPolicy(id) : null;
        var associate = parameters.Flag("associateWithQoSPolicy") ?? policy is not null;
        volume.Qos = (policy is not null && !associate ? policy.Qos : volume.Qos).With(qos);
        // Values of one's own end the association, and so does saying so.
        volume.QosPolicyId = associate && policy is not null ? policy.Id : qos is { Count: > 0 } || parameters.Flag("associateWithQoSPolicy") == false ? null : volume.QosPolicyId;
    }

    private JsonObject SetDefault(CallParameters parameters)
    {
        var given = new JsonObject();
        foreach (var name in (string[])["minIOPS", "maxIOPS", "burstIOPS"])
        {
            if (parameters.Integer(name) is { } value)
            {
                given[name] = value;
            }
        }

        cluster.DefaultQos = cluster.DefaultQos.With(given);
        return cluster.DefaultQos.ToJson();
    }

    private JsonObject Create(CallParameters parameters)
    {
        var name = Name(parameters.RequiredText("name"));
        var qos = QualityOfService.Default.With(parameters.Object("qos") ?? throw ApiError.MissingParameter("qos"));
        if (cluster.QosPolicies.Count >= PoliciesMax)
        {
            throw ApiError.LimitExceeded($"Exceeded maximum number of QoS policies. limit={PoliciesMax}");
        }

        var policy = new QosPolicy { Id = ++cluster.Ids.QosPolicy, Name = name, Qos = qos };
        cluster.QosPolicies.Add(policy.Id, policy);
        return Wrap(policy);
    }

    private JsonObject Modify(CallParameters parameters)
    {
        var policy = Find(parameters);
        var name = parameters.Text("name") is { } given ? Name(given) : policy.Name;
        policy.Qos = policy.Qos.With(parameters.Object("qos"));
        policy.Name = name;
        return Wrap(policy);
    }

    private JsonObject Delete(CallParameters parameters)
    {
        var policy = Find(parameters);
        foreach (var volume in cluster.Volumes.Values.Where(volume => volume.QosPolicyId == policy.Id))
        {
            // The volumes keep the values.
            volume.Qos = policy.Qos;
            volume.QosPolicyId = null;
        }

        cluster.QosPolicies.Remove(policy.Id);
        return [];
    }

    private static string Name(string name) => name.Length is >= 1 and <= 64 ? name : throw ApiError.InvalidParameter("Names of QoS policies have 1 to 64 characters");

    private QosPolicy Find(CallParameters parameters) => cluster.QosPolicy(parameters.RequiredInteger("qosPolicyID"));

    private JsonObject Wrap(QosPolicy policy) => new() { ["qosPolicy"] = Describe(policy) };

    private JsonObject Describe(QosPolicy policy) =>
        policy.ToJson(cluster.Volumes.Values.Where(volume => volume.QosPolicyId == policy.Id && volume.Status != VolumeStatus.Init).Select(volume => volume.Id));
}
