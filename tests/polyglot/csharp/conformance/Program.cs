// Makes the calls of ../../cases.json and prints what came of them, a line each.
//
// Never run with grpc-dotnet itself: see ../../README.md.
//
//     dotnet run -- --server localhost:50051 --ca ca.pem --control 127.0.0.1:4000 --cases ../../cases.json

using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gestan.Account.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Grpc.Core;

var options = args.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);
var control = options["--control"].Split(':');
// As UTF-8 without a mark at its beginning.
using var printed = new StreamWriter(Console.OpenStandardOutput()) { NewLine = "\n", AutoFlush = true };
using var channel = Server.Connect(options["--server"], options["--ca"]);
using var test = new TcpClient(control[0], int.Parse(control[1]));
using var cases = JsonDocument.Parse(File.ReadAllText(options["--cases"]));
var runner = new Runner(channel.CreateCallInvoker(), test.GetStream(), printed);
foreach (var step in cases.RootElement.GetProperty("steps").EnumerateArray())
{
    await runner.Run(step);
}

internal sealed class Runner
{
    private readonly CallInvoker invoker;
    private readonly StreamReader answers;
    private readonly StreamWriter questions;
    private readonly TextWriter printed;
    private readonly Dictionary<string, string> kept = new Dictionary<string, string>();

    public Runner(CallInvoker invoker, Stream test, TextWriter printed)
    {
        this.invoker = invoker;
        this.printed = printed;
        answers = new StreamReader(test);
        questions = new StreamWriter(test) { NewLine = "\n", AutoFlush = true };
    }

    public async Task Run(JsonElement step)
    {
        if (step.TryGetProperty("advance", out var seconds))
        {
            await Ask($"advance {seconds.GetInt32()}");
        }
        else if (step.TryGetProperty("mail", out var address))
        {
            kept[Text(step, "keep")] = await Ask($"mail {address.GetString()}");
        }
        else
        {
            var times = step.TryGetProperty("times", out var number) ? number.GetInt32() : 1;
            for (var time = 0; time < times; time++)
            {
                printed.WriteLine(Text(step, "case") + "\t" + string.Join("\t", await Call(step)));
            }
        }
    }

    // Says one line to the test, which moves the clock and reads the mail.
    private async Task<string> Ask(string line)
    {
        await questions.WriteLineAsync(line);
        return await answers.ReadLineAsync() ?? throw new EndOfStreamException("the test is gone");
    }

    private async Task<string[]> Call(JsonElement step)
    {
        var services = new[] { AccountService.Descriptor, ReferenceService.Descriptor };
        var service = services.First(each => each.FindMethodByName(Text(step, "call")) != null);
        var rpc = service.FindMethodByName(Text(step, "call"));
        var method = new Method<IMessage, IMessage>(
            MethodType.Unary, service.FullName, rpc.Name, Messages(rpc.InputType), Messages(rpc.OutputType));
        var request = JsonParser.Default.Parse(FillIn(step.GetProperty("request").GetRawText()), rpc.InputType);
        var metadata = new Metadata();
        if (step.TryGetProperty("token", out var token))
        {
            metadata.Add("authorization", "Bearer " + FillIn(token.GetString()!));
        }
        if (step.TryGetProperty("language", out var language))
        {
            metadata.Add("accept-language", language.GetString()!);
        }
        var deadline = step.TryGetProperty("deadline_ms", out var ms) ? ms.GetInt32() : 10_000;
        var options = new CallOptions(metadata, DateTime.UtcNow.AddMilliseconds(deadline));
        JsonElement answer;
        try
        {
            var response = await invoker.AsyncUnaryCall(method, null, options, request);
            using var json = JsonDocument.Parse(JsonFormatter.Default.Format(response));
            answer = json.RootElement.Clone();
        }
        catch (RpcException error)
        {
            return Refusal(error);
        }
        if (step.TryGetProperty("keep", out var keep))
        {
            foreach (var name in keep.EnumerateObject())
            {
                kept[name.Name] = LookUp(answer, name.Value.GetString()!);
            }
        }
        var shown = step.TryGetProperty("show", out var show)
            ? string.Join("; ", show.EnumerateArray().Select(path => LookUp(answer, path.GetString()!)))
            : "-";
        return new[] { "OK", "-", "-", "-", "-", shown };
    }

    private static Marshaller<IMessage> Messages(MessageDescriptor type) =>
        Marshallers.Create(message => message.ToByteArray(), bytes => type.Parser.ParseFrom(bytes));

    // Puts what was kept in the place of `${name}`.
    private string FillIn(string text) =>
        Regex.Replace(text, @"\$\{(\w+)\}", match => kept[match.Groups[1].Value]);

    // Code, reason, violations, retry delay and language of a refusal; no answer.
    private static string[] Refusal(RpcException error)
    {
        var codes = CodeReflection.Descriptor.EnumTypes.Single();
        var status = error.GetRpcStatus();
        var violations = status?.GetDetail<BadRequest>()?.FieldViolations
            .Select(violation => $"{violation.Field}={violation.Reason}").OrderBy(text => text, StringComparer.Ordinal);
        var retry = status?.GetDetail<RetryInfo>()?.RetryDelay;
        return new[]
        {
            codes.FindValueByNumber((int)error.StatusCode).Name,
            status?.GetDetail<ErrorInfo>()?.Reason ?? "-",
            violations == null ? "-" : string.Join(" ", violations),
            // A text in JSON, and so between quotes.
            retry == null ? "-" : JsonFormatter.Default.Format(retry).Trim('"'),
            status?.GetDetail<LocalizedMessage>()?.Locale ?? "-",
            "-",
        };
    }

    // The value at a path of the answer in protobuf's JSON; `-` when there is none.
    private static string LookUp(JsonElement answer, string path)
    {
        foreach (var name in path.Split('.'))
        {
            if (answer.ValueKind == JsonValueKind.Array)
            {
                var index = int.Parse(name);
                if (index >= answer.GetArrayLength())
                {
                    return "-";
                }
                answer = answer[index];
            }
            else if (!answer.TryGetProperty(name, out answer))
            {
                return "-";
            }
        }
        // `true` in JSON is True in .NET.
        return answer.ValueKind == JsonValueKind.String ? answer.GetString()! : answer.GetRawText();
    }

    private static string Text(JsonElement step, string name) => step.GetProperty(name).GetString()!;
}
