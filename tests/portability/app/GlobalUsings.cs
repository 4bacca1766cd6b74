// The rooms' GlobalUsings, with the public packages in place of the framework. This is all that changes.
global using DurableTask.Core.Exceptions;
global using Microsoft.Azure.Functions.Worker;
global using Microsoft.DurableTask;
global using Microsoft.DurableTask.Client;
global using Microsoft.DurableTask.Entities;
global using Microsoft.DurableTask.Worker;
global using Microsoft.Extensions.Logging;
global using SnapshotWorkflows.Contracts;
global using SnapshotWorkflows.Durable.Execution;
