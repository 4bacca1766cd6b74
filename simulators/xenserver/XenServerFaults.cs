using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Which faults a pool can show at which of its calls.</summary>
public static class XenServerFaults
{
    private const string Copy = "VDI.copy";

    /// <summary>Why a planned fault could never show; null when it can.</summary>
    public static string? Objection(FaultSpecification fault)
    {
        var (method, action) = (Dispatcher.Plain(fault.Method), fault.Action);
        var can = method switch
        {
            NbdServer.Connect => action is FaultAction.Stall or FaultAction.DropRequest,
            NbdServer.Read => action is FaultAction.Fail or FaultAction.Stall or FaultAction.Truncate or FaultAction.Corrupt or FaultAction.DropRequest or FaultAction.DropAnswer,
            ExportHandler.Method => action is not (FaultAction.ZeroExtent or FaultAction.Duplicate),
            ImportHandler.Method => action is not (FaultAction.ZeroExtent or FaultAction.Duplicate or FaultAction.Excess),
            XenServerSimulator.OutsideDispatch => action is not (FaultAction.ZeroExtent or FaultAction.Excess),
            Copy => action is not FaultAction.Excess,
            _ => action is not (FaultAction.ZeroExtent or FaultAction.Excess),
        };
        return can ? null : $"{fault.Method} cannot show this action: zeroExtent is for {Copy}, excess for {ExportHandler.Method}, duplicate for calls alone, and {NbdServer.Connect} only stalls or drops.";
    }
}
