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

    /// <summary>Deletes a policy; its volumes keep the values. Already gone is success.</summary>
    public Task DeleteQosPolicyAsync(long qosPolicyId, CancellationToken cancellation) =>
        UnlessGoneAsync(() => WriteAsync("DeleteQoSPolicy", new() { ["qosPolicyID"] = qosPolicyId }, SolidFireJson.Default.JsonElement, cancellation));
}
