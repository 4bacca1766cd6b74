namespace DurableTask.Core.Exceptions;

/// <summary>Thrown by the start of an instance whose id is taken; lives in the core package.</summary>
public class OrchestrationAlreadyExistsException : Exception
{
    public OrchestrationAlreadyExistsException() => throw Signature.Only;
    public OrchestrationAlreadyExistsException(string message) => throw Signature.Only;
    public OrchestrationAlreadyExistsException(string message, Exception innerException) => throw Signature.Only;
}
