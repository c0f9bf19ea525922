// A customer's way through the account service, from the first mail to the last call.
//
// Never run with grpc-dotnet itself: see ../../README.md.
//
//     dotnet run -- --server localhost:50051 --mails ../../../../data/mail

using System.Text.RegularExpressions;
using Gestan.Account.V1;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Grpc.Core.Interceptors;

const string password = "quatre bateaux verts dansent";

var options = args.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);
var server = options.GetValueOrDefault("--server", "localhost:50051");
var mails = options.GetValueOrDefault("--mails", "data/mail");
var email = options.GetValueOrDefault("--email", "jeanne@exemple.fr");

using var channel = Server.Connect(server, options.GetValueOrDefault("--ca"));
var client = new AccountService.AccountServiceClient(channel.Intercept(new CallDeadline()));
var stranger = new Metadata { { "accept-language", "fr-FR" } };
var machine = new Machine { Id = Guid.NewGuid().ToString(), Name = "Caisse 1" };

var created = await client.CreateAsync(
    new CreateRequest { RequestId = Guid.NewGuid().ToString(), Email = email, Machine = machine }, stranger);
var code = await CodeFromMail(mails, email);
var confirmed = await client.ConfirmAsync(
    new ConfirmRequest { ChallengeId = created.ChallengeId, Code = code }, stranger);
var linked = await client.SetPasswordAsync(
    new SetPasswordRequest { Ticket = confirmed.Ticket, NewPassword = password }, stranger);
Console.WriteLine($"linked to account {linked.Account.Id}");

// The machine keeps the token, and sends it with every call from now on.
var caisse = new Metadata { { "accept-language", "fr-FR" }, { "authorization", $"Bearer {linked.LinkToken}" } };
var account = (await client.GetAsync(new GetRequest(), caisse)).Account;
var change = new UpdateRequest
{
    Account = new Account { Etag = account.Etag, City = "Nîmes", PostalCode = "30000" },
    UpdateMask = new FieldMask { Paths = { "city", "postal_code" } },
    Password = password,
};
account = (await client.UpdateAsync(change, caisse)).Account;
Console.WriteLine($"updated: {account.PostalCode} {account.City}");

change.Account.Etag = account.Etag;
change.Account.CountryCode = "FRE";
change.UpdateMask.Paths.Add("country_code");
try
{
    await client.UpdateAsync(change, caisse);
}
catch (RpcException refusal)
{
    foreach (var violation in refusal.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations)
    {
        // Null for a reason that is newer than this client.
        var reason = Named(ErrorReasonReflection.Descriptor, nameof(ViolationReason), violation.Reason);
        Console.WriteLine($"refused: {violation.Field} {reason?.Name}");
    }
}

var guess = new RegisterExistingRequest
{
    AccountId = account.Id, Secret = "un mot de passe faux", Machine = machine,
};
for (var tries = 0; tries < 6; tries++)
{
    try
    {
        await client.RegisterExistingAsync(guess, stranger);
    }
    catch (RpcException refusal) when (refusal.StatusCode == StatusCode.ResourceExhausted)
    {
        var status = refusal.GetRpcStatus()!;
        var reason = Named(
            ErrorReasonReflection.Descriptor, nameof(ErrorReason), status.GetDetail<ErrorInfo>()!.Reason);
        if (reason?.Number == (int)ErrorReason.TooManyPasswordTries)
        {
            var wait = status.GetDetail<RetryInfo>()!.RetryDelay.ToTimeSpan();
            Console.WriteLine($"throttled: {reason.Name}, retry in {Math.Ceiling(wait.TotalSeconds)} s");
        }
    }
    catch (RpcException refusal) when (refusal.StatusCode == StatusCode.Unauthenticated)
    {
        // A wrong password, as expected.
    }
}

await client.UnlinkAsync(new UnlinkRequest(), caisse);
Console.WriteLine("unlinked");

static EnumValueDescriptor? Named(FileDescriptor file, string enumeration, string name) =>
    file.EnumTypes.Single(type => type.Name == enumeration).FindValueByName(name);

// Stands in for the person who reads the mail, with a server that writes its mails to files.
static async Task<string> CodeFromMail(string folder, string email)
{
    for (var tries = 0; tries < 300; tries++)
    {
        foreach (var file in Directory.GetFiles(folder, "*.eml").OrderByDescending(File.GetLastWriteTimeUtc))
        {
            var mail = await File.ReadAllTextAsync(file);
            var code = Regex.Match(mail, @"\b(?:[0-9A-Z]{4}-){2}[0-9A-Z]{4}\b");
            if (code.Success && mail.Contains($"To: {email}"))
            {
                return code.Value;
            }
        }
        await Task.Delay(100);
    }
    throw new TimeoutException("no mail has come");
}

// Ten seconds for every call; the server is told, and stops working when nobody waits.
internal sealed class CallDeadline : Interceptor
{
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request,
        ClientInterceptorContext<TRequest, TResponse> context,
        AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        var options = context.Options.WithDeadline(DateTime.UtcNow.AddSeconds(10));
        return continuation(
            request, new ClientInterceptorContext<TRequest, TResponse>(context.Method, context.Host, options));
    }
}
