global using System.Collections.Immutable;
global using System.Diagnostics.CodeAnalysis;
global using Microsoft.DurableTask.Converters;
global using Microsoft.DurableTask.Entities;
global using Microsoft.Extensions.Logging;
global using SnapshotWorkflows.Tests.Portability.Packages;
