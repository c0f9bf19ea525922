package example;

import fr.gestan.compte.account.v1.AccountServiceGrpc;
import fr.gestan.compte.account.v1.GetRequest;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Calls at about the moment at which the server says goodbye to an idle connection; none may fail. */
public final class Crossing {
  private static final int CONNECTIONS = 10;

  public static void main(String[] arguments) throws InterruptedException {
    var options = new Options(arguments);
    var server = options.get("server", "localhost:50051");
    var pause = Integer.parseInt(options.get("pause-ms", "1000"));
    var calls = Integer.parseInt(options.get("calls", "10"));
    var callers = new ArrayList<Thread>();
    for (int i = 0; i < CONNECTIONS; i++) {
      var caller = new Thread(() -> call(server, pause, calls));
      caller.start();
      callers.add(caller);
    }
    for (var caller : callers) {
      caller.join();
    }
    System.out.println(CONNECTIONS * calls + " calls");
  }

  private static void call(String server, int pause, int calls) {
    var channel = Grpc.newChannelBuilder(server, InsecureChannelCredentials.create()).build();
    var stub = AccountServiceGrpc.newBlockingStub(channel);
    try {
      for (int i = 0; i < calls; i++) {
        try {
          stub.withDeadlineAfter(30, TimeUnit.SECONDS).get(GetRequest.getDefaultInstance());
        } catch (StatusRuntimeException refusal) {
          // Without a token, which the service says.
          if (refusal.getStatus().getCode() != Status.Code.UNAUTHENTICATED) {
            System.out.println("failed: " + refusal.getStatus());
          }
        }
        Thread.sleep(ThreadLocalRandom.current().nextLong(pause - 100, pause + 100));
      }
    } catch (InterruptedException interrupted) {
      System.out.println("failed: " + interrupted);
    } finally {
      channel.shutdownNow();
    }
  }
}
