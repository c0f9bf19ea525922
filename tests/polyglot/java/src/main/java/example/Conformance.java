package example;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.Durations;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.LocalizedMessage;
import com.google.rpc.RetryInfo;
import fr.gestan.compte.account.GestanAccount;
import fr.gestan.compte.account.v1.AccountServiceOuterClass;
import fr.gestan.compte.account.v1.ReferenceServiceOuterClass;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Makes the calls of ../cases.json and prints what came of them, a line each. */
public final class Conformance {
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{(\\w+)\\}");

  private final Channel channel;
  private final PrintStream questions;
  private final BufferedReader answers;
  private final Map<String, String> kept = new HashMap<>();

  private Conformance(Channel channel, Socket control) throws IOException {
    this.channel = channel;
    questions = new PrintStream(control.getOutputStream(), true, StandardCharsets.UTF_8);
    answers = new BufferedReader(new InputStreamReader(control.getInputStream(), StandardCharsets.UTF_8));
  }

  public static void main(String[] arguments) throws Exception {
    var options = new Options(arguments);
    var channel = GestanAccount.channel(options.get("server", ""), new File(options.get("ca", ""))).build();
    var address = options.get("control", "").split(":");
    var cases = JsonParser.parseString(Files.readString(Path.of(options.get("cases", ""))));
    var printed = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    try (var control = new Socket(address[0], Integer.parseInt(address[1]))) {
      var conformance = new Conformance(channel, control);
      for (var step : cases.getAsJsonObject().getAsJsonArray("steps")) {
        conformance.run(step.getAsJsonObject(), printed);
      }
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  private void run(JsonObject step, PrintStream printed) throws IOException {
    if (step.has("advance")) {
      ask("advance " + step.get("advance").getAsInt());
    } else if (step.has("mail")) {
      kept.put(step.get("keep").getAsString(), ask("mail " + step.get("mail").getAsString()));
    } else {
      int times = step.has("times") ? step.get("times").getAsInt() : 1;
      for (int time = 0; time < times; time++) {
        printed.println(step.get("case").getAsString() + "\t" + String.join("\t", call(step)));
      }
    }
  }

  /** Says one line to the test, which moves the clock and reads the mail. */
  private String ask(String line) throws IOException {
    questions.print(line + "\n");
    questions.flush();
    return answers.readLine();
  }

  private List<String> call(JsonObject step) throws IOException {
    var rpc = step.get("call").getAsString();
    var account = AccountServiceOuterClass.getDescriptor().findServiceByName("AccountService");
    var reference = ReferenceServiceOuterClass.getDescriptor().findServiceByName("ReferenceService");
    var isOfAccounts = account.findMethodByName(rpc) != null;
    var method = (isOfAccounts ? account : reference).findMethodByName(rpc);
    var request = DynamicMessage.newBuilder(method.getInputType());
    JsonFormat.parser().merge(fillIn(step.get("request").toString()), request);
    var metadata = new Metadata();
    if (step.has("token")) {
      put(metadata, "authorization", "Bearer " + fillIn(step.get("token").getAsString()));
    }
    if (step.has("language")) {
      put(metadata, "accept-language", step.get("language").getAsString());
    }
    long deadline = step.has("deadline_ms") ? step.get("deadline_ms").getAsLong() : 10_000;
    var intercepted =
        ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(metadata));
    JsonElement answer;
    try {
      var options = CallOptions.DEFAULT.withDeadlineAfter(deadline, TimeUnit.MILLISECONDS);
      var response = ClientCalls.blockingUnaryCall(intercepted, grpc(method), options, request.build());
      answer = JsonParser.parseString(JsonFormat.printer().print(response));
    } catch (StatusRuntimeException error) {
      return refusal(error);
    }
    if (step.has("keep")) {
      for (var entry : step.getAsJsonObject("keep").entrySet()) {
        kept.put(entry.getKey(), lookUp(answer, entry.getValue().getAsString()));
      }
    }
    var shown = new ArrayList<String>();
    if (step.has("show")) {
      step.getAsJsonArray("show").forEach(path -> shown.add(lookUp(answer, path.getAsString())));
    }
    return List.of("OK", "-", "-", "-", "-", shown.isEmpty() ? "-" : String.join("; ", shown));
  }

  private static void put(Metadata metadata, String name, String value) {
    metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
  }

  private static io.grpc.MethodDescriptor<DynamicMessage, DynamicMessage> grpc(MethodDescriptor method) {
    return io.grpc.MethodDescriptor.<DynamicMessage, DynamicMessage>newBuilder()
        .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
        .setFullMethodName(method.getService().getFullName() + "/" + method.getName())
        .setRequestMarshaller(ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(method.getInputType())))
        .setResponseMarshaller(ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(method.getOutputType())))
        .build();
  }

  /** Puts what was kept in the place of `${name}`. */
  private String fillIn(String text) {
    return VARIABLE.matcher(text)
        .replaceAll(match -> Matcher.quoteReplacement(kept.get(match.group(1))));
  }

  /** Code, reason, violations, retry delay and language of a refusal. */
  private static List<String> refusal(StatusRuntimeException error) throws InvalidProtocolBufferException {
    String reason = "-", violations = "-", retry = "-", locale = "-";
    for (var any : StatusProto.fromThrowable(error).getDetailsList()) {
      if (any.is(ErrorInfo.class)) {
        reason = any.unpack(ErrorInfo.class).getReason();
      } else if (any.is(BadRequest.class)) {
        var all = any.unpack(BadRequest.class).getFieldViolationsList().stream();
        violations = String.join(" ", all.map(v -> v.getField() + "=" + v.getReason()).sorted().toList());
      } else if (any.is(RetryInfo.class)) {
        retry = Durations.toString(any.unpack(RetryInfo.class).getRetryDelay());
      } else if (any.is(LocalizedMessage.class)) {
        locale = any.unpack(LocalizedMessage.class).getLocale();
      }
    }
    return List.of(error.getStatus().getCode().name(), reason, violations, retry, locale, "-");
  }

  /** The value at a path of the answer in protobuf's JSON; `-` when there is none. */
  private static String lookUp(JsonElement answer, String path) {
    JsonElement found = answer;
    for (var name : path.split("\\.")) {
      if (found == null) {
        break;
      } else if (found.isJsonArray()) {
        var list = found.getAsJsonArray();
        found = Integer.parseInt(name) < list.size() ? list.get(Integer.parseInt(name)) : null;
      } else {
        found = found.getAsJsonObject().get(name);
      }
    }
    return found == null ? "-" : found.getAsString();
  }
}
