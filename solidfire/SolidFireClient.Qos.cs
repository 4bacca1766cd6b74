using System.Text.Json.Nodes;

namespace SnapshotWorkflows.SolidFire;

public sealed partial class SolidFireClient
{
    /// <summary>What a volume gets that asks for nothing.</summary>
    public Task<VolumeQos> GetDefaultQosAsync(CancellationToken cancellation) => ReadAsync("GetDefaultQoS", [], SolidFireJson.Default.VolumeQos, cancellation);

    public async Task<IReadOnlyList<QosPolicy>> ListQosPoliciesAsync(CancellationToken cancellation) =>
        (await ReadAsync("ListQoSPolicies", [], SolidFireJson.Default.QosPoliciesReply, cancellation)).Policies;

    /// <summary>Makes a policy. Names are not unique: list first.</summary>
    public async Task<QosPolicy> CreateQosPolicyAsync(string name, VolumeQos qos, CancellationToken cancellation) =>
        (await WriteAsync("CreateQoSPolicy", new() { ["name"] = name, ["qos"] = Wire(qos) }, SolidFireJson.Default.QosPolicyReply, cancellation)).Policy;

    /// <summary>Changes a policy, and with it all its volumes; null leaves a field as it is.</summary>
    public async Task<QosPolicy> ModifyQosPolicyAsync(long qosPolicyId, string? name, VolumeQos? qos, CancellationToken cancellation)
    {
        var parameters = new JsonObject { ["qosPolicyID"] = qosPolicyId };
        if (name is not null) parameters["name"] = name;
        if (qos is not null) parameters["qos"] = Wire(qos);
        return (await WriteAsync("ModifyQoSPolicy", parameters, SolidFireJson.Default.QosPolicyReply, cancellation)).Policy;
    }

    /// <summary>Deletes a policy; its volumes keep the values. Already gone is success.</summary>
    public Task DeleteQosPolicyAsync(long qosPolicyId, CancellationToken cancellation) =>
        UnlessGoneAsync(() => WriteAsync("DeleteQoSPolicy", new() { ["qosPolicyID"] = qosPolicyId }, SolidFireJson.Default.JsonElement, cancellation));
}
