using System.Runtime.CompilerServices;

// The host answers 400 to a start of an orchestrator that the registry does not know.
[assembly: InternalsVisibleTo("SnapshotWorkflows.Durable.Host")]
