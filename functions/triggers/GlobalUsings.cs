// The durable framework's names enter this room here and nowhere else: against the public packages only this file changes.
global using SnapshotWorkflows.Contracts;
global using SnapshotWorkflows.Durable;
global using SnapshotWorkflows.Durable.Client;
global using SnapshotWorkflows.Functions.Worker;
global using SnapshotWorkflows.Durable.Client.Entities;
