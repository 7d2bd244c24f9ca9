namespace FewShotCluster.Silo.Commands.Models;

/// <summary>Licences are told before anything is downloaded; a restrictive one is accepted first, by a person or by an option.</summary>
internal static class LicenceConsent
{
    public const string Option = "--accept-licence";

    /// <param name="models">What is to be downloaded.</param>
    /// <param name="accepted">Whether the option was given.</param>
    /// <param name="user">Who answers; null: nobody is there.</param>
    /// <param name="output">Where licences are told and questions asked.</param>
    /// <exception cref="GrainInterfaces.Errors.FewShotException">InvalidArgument: a licence is not accepted.</exception>
    public static void Obtain(IEnumerable<PublishedModel> models, bool accepted, TextReader? user, TextWriter output)
    {
        foreach (var model in models)
        {
            output.WriteLine($"{model.Name}: {model.File} of {model.Publisher}, licence {model.Licence}");
            if (!model.IsRestricted || accepted) continue;
            if (user is null)
                throw LocalVerb.Invalid($"{model.Name}: its licence is {model.Licence}; nothing was downloaded, {Option} accepts it");
            output.Write($"Do you accept {model.Licence} for {model.Name}? [y/N] ");
            output.Flush();
            if (user.ReadLine()?.Trim().ToLowerInvariant() is not ("y" or "yes"))
                throw LocalVerb.Invalid($"{model.Name}: its licence {model.Licence} was not accepted; nothing was downloaded");
        }
    }
}
