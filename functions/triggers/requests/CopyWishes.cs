namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>What a body says of the copy has to go together.</summary>
internal static class CopyWishes
{
    /// <exception cref="BadRequestException">The hypervisor is to write what only this service writes.</exception>
    public static void Require(string? copy, string? format)
    {
        if (copy == CopyMethods.Offload && format == DataFormats.Chunks)
            throw new BadRequestException("request.value", "A hypervisor writes VHDs: copy 'offload' and format 'chunks' do not go together.", "Leave one of them out.");
    }
}
