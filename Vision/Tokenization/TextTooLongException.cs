namespace FewShotCluster.Vision.Tokenization;

/// <summary>A text does not fit: it has more tokens than the context, or more characters than the tokenizer accepts.</summary>
/// <param name="message">What is too long, the limit, and the beginning of the text.</param>
public sealed class TextTooLongException(string message) : Exception(message);
