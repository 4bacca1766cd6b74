// The durable framework's names enter this room here and nowhere else: against the public packages only this file changes.
global using Microsoft.Extensions.Logging;
global using SnapshotWorkflows.Contracts;
global using SnapshotWorkflows.Durable;
global using SnapshotWorkflows.Durable.Client;
global using SnapshotWorkflows.Durable.Execution;
